--- Harbor: projects, repositories, artifacts, vulnerability scans and replication, through the API v2.0.
---
--- Repositories are named without their project: "backend/api" in "shop"; "shop/backend/api" is understood too. That
--- there are no critical findings is not the same as that there was no scan: without one the counts are nil.
--- Source: Harbor API v2.0, goharbor.io/docs; api/v2.0/swagger.yaml.
--- Example: local c = harbor.client("https://harbor.example.com"); assert.eq(c:image_exists("shop", "backend/api", "1.4.2"), true)
local H = require("assay._http")

local M = {}

--- A connection to one Harbor server.
---@class assay.harbor.client
---@field url string the server's address, without "/api"
---@field username string? of robot accounts the full name, "robot$project+name"
---@field password string?
---@field api_key string? sent as bearer token: only ID tokens of OIDC are accepted so
local Client = {}

---@class assay.harbor.options: assay.options
---@field username string?
---@field password string?
---@field api_key string?

---@class assay.harbor.page: assay.options A page of a list; without `page` and `page_size` all of it is read.
---@field page integer? from 1
---@field page_size integer? at most 100
---@field q string? "name=~api,tags=*"
---@field sort string? "-update_time"

---@class assay.harbor.counts
---@field total integer
---@field fixable integer
---@field critical integer
---@field high integer
---@field medium integer
---@field low integer
---@field negligible integer
---@field unknown integer
---@field severity string? the worst
---@field scan_status string? "Success", or the numbers are old or partial
---@field end_time string?

local spec = {
  name = "harbor",
  methods = Client,
  content_type = true,
  groups = {
    system = {
      health = "health", info = "system_info", statistics = "statistics", is_healthy = "is_healthy", ping = "ping",
      quotas = "quotas", gc_history = "gc_history",
    },
    projects = { "projects", list = "projects", get = "project", ensure = "ensure_project" },
    repositories = { "repositories", list = "repositories", get = "repository", delete = "delete_repository" },
    artifacts = {
      "artifacts", list = "artifacts", get = "artifact", tags = "artifact_tags", exists = "image_exists",
      latest = "latest_artifact", digest = "digest", wait = "wait_image", delete = "delete_artifact",
      copy = "copy_artifact", add_tag = "add_tag", delete_tag = "delete_tag",
    },
    scan = {
      trigger = "scan_artifact", vulnerabilities = "artifact_vulnerabilities", wait = "scan_and_wait",
      assert = "assert_vulnerabilities", list = "vulnerability_list",
    },
    replication = { policies = "replication_policies", executions = "replication_executions", run = "replicate" },
    robots = { "robots", list = "robots", create = "create_robot" },
  },
}

local ROOT = "/api/v2.0"
local PAGE_SIZE = 100
--- Forms of vulnerability reports, the better first.
local REPORTS = {
  "application/vnd.security.vulnerability.report; version=1.1",
  "application/vnd.scanner.adapter.vuln.report.harbor+json; version=1.0",
}
local ACCEPT_REPORTS = { ["X-Accept-Vulnerabilities"] = table.concat(REPORTS, ", ") }

--- Connects to a server.
--- Source: Assay
---@param url string its address, without "/api"
---@param opts assay.harbor.options?
---@return assay.harbor.client c
--- Raises "harbor: invalid url 'URL'".
--- Example: local c = harbor.client("https://harbor.example.com", { username = "robot$ci", password = env.get("HARBOR_SECRET") })
function M.client(url, opts)
  H.need("harbor.client", "url", url)
  return H.client(spec, url, opts)
end

-- --- requests --------------------------------------------------------------------------------------------------------

local function get(c, path, o)
  return (H.get(c, ROOT .. path, o))
end

--- A list: the page that was asked for, or everything. `query` comes before the parameters that all lists know.
local function list(c, path, opts, query)
  opts = opts or {}
  local function page(number, size)
    local parameters = {}
    for i, pair in ipairs(query or {}) do parameters[i] = pair end
    for _, pair in ipairs({ { "page", number }, { "page_size", size }, { "q", opts.q }, { "sort", opts.sort } }) do
      parameters[#parameters + 1] = pair
    end
    return H.get(c, ROOT .. path, { query = parameters, opts = opts })
  end
  if opts.page ~= nil or opts.page_size ~= nil then return (page(opts.page, opts.page_size)) or {} end
  local read = 0
  return H.pages(function(_, n)
    local items, response = page(n, PAGE_SIZE)
    items = items or {}
    read = read + #items
    local total = tonumber(response.headers["x-total-count"])
    local is_last = #items < PAGE_SIZE or total and read >= total
    return items, not is_last and n + 1 or nil
  end)
end

local function project_path(fn, project_name)
  H.need("harbor." .. fn, "project_name", project_name)
  return "/projects/" .. H.seg(project_name)
end

--- The path of a repository. The server decodes the path twice, hence a name with a slash is encoded twice.
local function repository_path(fn, project_name, repo_name)
  local before = project_path(fn, project_name)
  H.need("harbor." .. fn, "repo_name", repo_name)
  local prefix = project_name .. "/"
  if repo_name:sub(1, #prefix) == prefix then repo_name = repo_name:sub(#prefix + 1) end
  H.need("harbor." .. fn, "repo_name", repo_name)
  local name = H.strict(repo_name)
  if repo_name:find("/", 1, true) then name = H.strict(name) end
  return ("%s/repositories/%s"):format(before, name)
end

local function artifact_path(fn, project_name, repo_name, reference, after)
  local before = repository_path(fn, project_name, repo_name)
  H.need("harbor." .. fn, "reference", reference)
  return ("%s/artifacts/%s%s"):format(before, H.seg(reference), after or "")
end

--- Deletes; whether there was something to delete.
local function remove(c, path)
  local _, response = H.delete(c, ROOT .. path, { missing = true })
  return response.status ~= 404
end

-- --- the server ------------------------------------------------------------------------------------------------------

--- How the server's components are.
--- Source: Harbor API v2.0, getHealth
---@return { status: string, components: { name: string, status: string, error: string? }[] } health
--- Raises "harbor: GET PATH HTTP STATUS: BODY".
--- Example: assert.eq(c:health().status, "healthy")
function Client:health()
  return get(self, "/health")
end

--- Whether there are components, and all are healthy.
--- Source: Harbor API v2.0, getHealth
---@return boolean
--- Raises as `health`.
--- Example: assert.eq(c:is_healthy(), true)
function Client:is_healthy()
  local components = (self:health() or {}).components or {}
  for _, component in ipairs(components) do
    if component.status ~= "healthy" then return false end
  end
  return #components > 0
end

--- What the server is; fewer fields without login.
--- Source: Harbor API v2.0, getSystemInfo
---@return { harbor_version: string?, auth_mode: string, registry_url: string?, external_url: string?, read_only: boolean? } info
--- Raises "harbor: GET PATH HTTP STATUS: BODY".
--- Example: assert.contains(c:system_info().harbor_version, "v2")
function Client:system_info()
  return get(self, "/systeminfo")
end

--- Numbers of projects and repositories; totals and bytes for administrators only.
--- Source: Harbor API v2.0, getStatistic
---@return { total_project_count: integer?, total_repo_count: integer?, private_project_count: integer, private_repo_count: integer, public_project_count: integer, public_repo_count: integer, total_storage_consumption: integer? } statistics
--- Raises "harbor: GET PATH HTTP STATUS: BODY".
--- Example: assert.gt(c:statistics().public_repo_count, 0)
function Client:statistics()
  return get(self, "/statistics")
end

--- Whether the server answers.
--- Source: Harbor API v2.0, getPing
---@return string text "Pong"
--- Raises "harbor: GET PATH HTTP STATUS: BODY".
--- Example: assert.eq(c:ping(), "Pong")
function Client:ping()
  return get(self, "/ping", { raw = true })
end

--- Storage quotas.
--- Source: Harbor API v2.0, listQuotas
---@param opts assay.harbor.page?
---@return { id: integer, ref: table, hard: table, used: table }[] quotas
--- Raises "harbor: GET PATH HTTP STATUS: BODY".
--- Example: for _, quota in ipairs(c:quotas()) do log.info(quota.ref.name) end
function Client:quotas(opts)
  return list(self, "/quotas", opts)
end

--- Runs of the garbage collection.
--- Source: Harbor API v2.0, getGCHistory
---@param opts assay.harbor.page?
---@return { id: integer, job_status: string, creation_time: string }[] runs
--- Raises "harbor: GET PATH HTTP STATUS: BODY".
--- Example: assert.eq(c:gc_history({ page_size = 1 })[1].job_status, "Success")
function Client:gc_history(opts)
  return list(self, "/system/gc", opts)
end

-- --- projects and repositories ---------------------------------------------------------------------------------------

--- Projects.
--- Source: Harbor API v2.0, listProjects
---@param opts { name: string?, public: boolean?, owner: string?, q: string?, sort: string?, page: integer?, page_size: integer? }?
---  name: a part of it
---@return { project_id: integer, name: string, owner_name: string, repo_count: integer, metadata: table }[] projects
--- Raises "harbor: GET PATH HTTP STATUS: BODY".
--- Example: assert.gt(#c:projects({ public = true }), 0)
function Client:projects(opts)
  local o = opts or {}
  return list(self, "/projects", opts, { { "name", o.name }, { "public", o.public }, { "owner", o.owner } })
end

--- One project.
--- Source: Harbor API v2.0, getProject
---@param name_or_id string|integer a string is a name, even when it has only digits
---@return table project
--- Raises "harbor: GET PATH HTTP STATUS: BODY", 403 for an unknown one to all but administrators.
--- Example: assert.eq(c:project("shop").name, "shop")
function Client:project(name_or_id)
  local headers = type(name_or_id) == "string" and { ["X-Is-Resource-Name"] = "true" } or nil
  return get(self, project_path("project", name_or_id), { headers = headers })
end

--- Creates a project unless it exists; an existing one is left as it is.
--- Source: Harbor API v2.0, createProject
---@param name string
---@param opts { public: boolean?, metadata: table?, storage_limit: integer?, registry_id: integer? }? storage_limit: bytes, -1 for none
---@return boolean created
--- Raises "harbor: POST PATH HTTP STATUS: BODY".
--- Example: c:ensure_project("shop", { public = false })
function Client:ensure_project(name, opts)
  H.need("harbor.ensure_project", "name", name)
  local o = opts or {}
  local metadata = H.object(H.without(o.metadata))
  if o.public ~= nil then metadata.public = tostring(o.public) end
  local _, response = H.post(self, ROOT .. "/projects", {
    project_name = name, metadata = metadata, storage_limit = o.storage_limit, registry_id = o.registry_id,
  }, { ok = { 200, 201, 409 }, opts = opts })
  return response.status ~= 409
end

--- Repositories of a project.
--- Source: Harbor API v2.0, listRepositories
---@param project_name string
---@param opts assay.harbor.page?
---@return { id: integer, name: string, artifact_count: integer, pull_count: integer, update_time: string }[] repositories
---  names begin with the project's
--- Raises "harbor: GET PATH HTTP STATUS: BODY".
--- Example: assert.eq(c:repositories("shop")[1].name, "shop/backend/api")
function Client:repositories(project_name, opts)
  return list(self, project_path("repositories", project_name) .. "/repositories", opts)
end

--- One repository.
--- Source: Harbor API v2.0, getRepository
---@param project_name string
---@param repo_name string
---@return table repository
--- Raises "harbor: GET PATH HTTP STATUS: BODY".
--- Example: assert.gt(c:repository("shop", "backend/api").artifact_count, 0)
function Client:repository(project_name, repo_name)
  return get(self, repository_path("repository", project_name, repo_name))
end

--- Deletes a repository with all its artifacts.
--- Source: Harbor API v2.0, deleteRepository
---@param project_name string
---@param repo_name string
---@return boolean deleted false when there was none
--- Raises "harbor: DELETE PATH HTTP STATUS: BODY".
--- Example: c:delete_repository("shop", "old")
function Client:delete_repository(project_name, repo_name)
  return remove(self, repository_path("delete_repository", project_name, repo_name))
end

-- --- artifacts -------------------------------------------------------------------------------------------------------

--- Artifacts of a repository, the last pushed first.
--- Source: Harbor API v2.0, listArtifacts
---@param project_name string
---@param repo_name string
---@param opts { with_tag: boolean?, with_scan_overview: boolean?, with_label: boolean?, with_sbom_overview: boolean?, q: string?, sort: string?, page: integer?, page_size: integer? }?
---@return { digest: string, type: string, size: integer, push_time: string, pull_time: string, tags: table[]? }[] artifacts
--- Raises "harbor: GET PATH HTTP STATUS: BODY".
--- Example: assert.contains(c:artifacts("shop", "backend/api")[1].digest, "sha256:")
function Client:artifacts(project_name, repo_name, opts)
  local o = opts or {}
  return list(self, repository_path("artifacts", project_name, repo_name) .. "/artifacts", opts, {
    { "with_tag", o.with_tag }, { "with_label", o.with_label }, { "with_scan_overview", o.with_scan_overview },
    { "with_sbom_overview", o.with_sbom_overview },
  })
end

--- One artifact.
--- Source: Harbor API v2.0, getArtifact
---@param project_name string
---@param repo_name string
---@param reference string a tag or a digest
---@return table artifact
--- Raises "harbor: GET PATH HTTP STATUS: BODY".
--- Example: assert.eq(c:artifact("shop", "backend/api", "1.4.2").type, "IMAGE")
function Client:artifact(project_name, repo_name, reference)
  return get(self, artifact_path("artifact", project_name, repo_name, reference))
end

--- The tags of an artifact.
--- Source: Harbor API v2.0, listTags
---@param project_name string
---@param repo_name string
---@param reference string a tag or a digest
---@param opts assay.harbor.page?
---@return { name: string, push_time: string, pull_time: string, immutable: boolean }[] tags
--- Raises "harbor: GET PATH HTTP STATUS: BODY".
--- Example: assert.eq(c:artifact_tags("shop", "backend/api", "1.4.2")[1].name, "1.4.2")
function Client:artifact_tags(project_name, repo_name, reference, opts)
  return list(self, artifact_path("artifact_tags", project_name, repo_name, reference, "/tags"), opts)
end

--- Whether an image is there.
--- Source: Harbor API v2.0, getArtifact
---@param project_name string
---@param repo_name string
---@param tag string or a digest
---@return boolean
--- Raises "harbor: GET PATH HTTP STATUS: BODY", 401 and 403 too.
--- Example: assert.eq(c:image_exists("shop", "backend/api", "1.4.2"), true)
function Client:image_exists(project_name, repo_name, tag)
  local _, response = H.get(self, ROOT .. artifact_path("image_exists", project_name, repo_name, tag), { missing = true })
  return response.status == 200
end

--- Waits until an image is there.
--- Source: Harbor API v2.0, getArtifact
---@param project_name string
---@param repo_name string
---@param tag string or a digest
---@param timeout_secs number? seconds (300)
---@param opts { interval: number }? seconds between looks (5)
---@return true
--- Raises "harbor: timeout waiting for image PROJECT/REPO:TAG (last: …)".
--- Example: c:wait_image("shop", "backend/api", "1.4.2", 600)
function Client:wait_image(project_name, repo_name, tag, timeout_secs, opts)
  local path = artifact_path("wait_image", project_name, repo_name, tag)
  local timeout, interval = H.waiting("harbor.wait_image", timeout_secs, opts, 300, 5)
  return H.poll({
    timeout = timeout,
    interval = interval,
    message = ("harbor: timeout waiting for image %s/%s:%s"):format(project_name, repo_name, tag),
    check = function()
      local _, response = H.get(self, ROOT .. path, { missing = true })
      return response.status == 200, "not there"
    end,
  })
end

--- The digest of an image.
--- Source: Harbor API v2.0, getArtifact
---@param project_name string
---@param repo_name string
---@param tag string
---@return string? digest "sha256:…"; nil when there is no such image
--- Raises "harbor: GET PATH HTTP STATUS: BODY".
--- Example: assert.contains(c:digest("shop", "backend/api", "1.4.2"), "sha256:")
function Client:digest(project_name, repo_name, tag)
  local artifact = get(self, artifact_path("digest", project_name, repo_name, tag), { missing = true })
  return artifact and artifact.digest
end

--- The artifact that was pushed last.
--- Source: Harbor API v2.0, listArtifacts
---@param project_name string
---@param repo_name string
---@return table? artifact nil when the repository is empty
--- Raises as `artifacts`.
--- Example: log.info(c:latest_artifact("shop", "backend/api").push_time)
function Client:latest_artifact(project_name, repo_name)
  repository_path("latest_artifact", project_name, repo_name)
  return self:artifacts(project_name, repo_name, { page = 1, page_size = 1, sort = "-push_time" })[1]
end

--- Gives an artifact a further tag.
--- Source: Harbor API v2.0, createTag
---@param project_name string
---@param repo_name string
---@param reference string a tag or a digest
---@param tag string
---@return true
--- Raises "harbor: POST PATH HTTP 409: BODY" when the tag is taken, and for other failures.
--- Example: c:add_tag("shop", "backend/api", "1.4.2", "stable")
function Client:add_tag(project_name, repo_name, reference, tag)
  local path = artifact_path("add_tag", project_name, repo_name, reference, "/tags")
  H.need("harbor.add_tag", "tag", tag)
  H.post(self, ROOT .. path, { name = tag })
  return true
end

--- Takes a tag from an artifact.
--- Source: Harbor API v2.0, deleteTag
---@param project_name string
---@param repo_name string
---@param reference string a tag or a digest
---@param tag string
---@return boolean deleted false when there was none
--- Raises "harbor: DELETE PATH HTTP STATUS: BODY".
--- Example: c:delete_tag("shop", "backend/api", "1.4.2", "stable")
function Client:delete_tag(project_name, repo_name, reference, tag)
  local path = artifact_path("delete_tag", project_name, repo_name, reference)
  H.need("harbor.delete_tag", "tag", tag)
  return remove(self, ("%s/tags/%s"):format(path, H.seg(tag)))
end

--- Copies an artifact into a repository of this server.
--- Source: Harbor API v2.0, CopyArtifact
---@param from string "project/repo:tag" or "project/repo@sha256:…"
---@param project_name string
---@param repo_name string
---@return true
--- Raises "harbor: POST PATH HTTP STATUS: BODY".
--- Example: c:copy_artifact("staging/api:1.4.2", "shop", "backend/api")
function Client:copy_artifact(from, project_name, repo_name)
  H.need("harbor.copy_artifact", "from", from)
  local path = repository_path("copy_artifact", project_name, repo_name)
  H.post(self, ROOT .. path .. "/artifacts", nil, { query = { { "from", from } } })
  return true
end

--- Deletes an artifact with all its tags.
--- Source: Harbor API v2.0, deleteArtifact
---@param project_name string
---@param repo_name string
---@param reference string a tag or a digest
---@return boolean deleted false when there was none
--- Raises "harbor: DELETE PATH HTTP STATUS: BODY".
--- Example: c:delete_artifact("shop", "backend/api", "old")
function Client:delete_artifact(project_name, repo_name, reference)
  return remove(self, artifact_path("delete_artifact", project_name, repo_name, reference))
end

-- --- scans -----------------------------------------------------------------------------------------------------------

--- Queues a scan. It has not begun when this returns.
--- Source: Harbor API v2.0, scanArtifact
---@param project_name string
---@param repo_name string
---@param reference string a tag or a digest
---@param opts { scan_type: "vulnerability"|"sbom"|nil }?
---@return true
--- Raises "harbor: POST scan HTTP STATUS: BODY".
--- Example: c:scan_artifact("shop", "backend/api", "1.4.2")
function Client:scan_artifact(project_name, repo_name, reference, opts)
  local path = artifact_path("scan_artifact", project_name, repo_name, reference, "/scan")
  local body = H.object({ scan_type = opts and opts.scan_type })
  H.post(self, ROOT .. path, body, { ok = 202, shown = "scan", opts = opts })
  return true
end

--- Of a map by form of report, the best entry.
local function best(reports)
  if type(reports) ~= "table" then return nil end
  for _, form in ipairs(REPORTS) do
    if reports[form] then return reports[form] end
  end
  local forms = {}
  for form in pairs(reports) do forms[#forms + 1] = tostring(form) end
  table.sort(forms)
  return forms[1] and reports[forms[1]]
end

--- What the server knows about an artifact's last scan; nil when there was none.
local function overview(c, fn, project_name, repo_name, reference)
  local artifact = get(c, artifact_path(fn, project_name, repo_name, reference), {
    query = { { "with_scan_overview", true } }, headers = ACCEPT_REPORTS, shown = "artifact vulnerabilities",
  })
  return artifact and best(artifact.scan_overview)
end

--- The counts of a scan; nil while it has none.
local function counts_of(report)
  local summary = report and report.summary
  if type(summary) ~= "table" then return nil end
  local by_severity = type(summary.summary) == "table" and summary.summary or {}
  local out = {
    total = summary.total or 0, fixable = summary.fixable or 0,
    severity = report.severity, scan_status = report.scan_status, end_time = report.end_time,
  }
  for _, severity in ipairs({ "Critical", "High", "Medium", "Low", "Negligible", "Unknown" }) do
    out[severity:lower()] = by_severity[severity] or 0
  end
  return out
end

--- How many vulnerabilities the last scan found. Of an image for several architectures, all are counted together.
--- Source: Harbor API v2.0, getArtifact
---@param project_name string
---@param repo_name string
---@param reference string a tag or a digest
---@return assay.harbor.counts? counts nil without a scan
--- Raises "harbor: GET artifact vulnerabilities HTTP STATUS: BODY".
--- Example: assert.eq(c:artifact_vulnerabilities("shop", "backend/api", "1.4.2").critical, 0)
function Client:artifact_vulnerabilities(project_name, repo_name, reference)
  return counts_of(overview(self, "artifact_vulnerabilities", project_name, repo_name, reference))
end

local function title_of(project_name, repo_name, reference)
  return ("%s/%s%s%s"):format(project_name, repo_name, reference:find(":", 1, true) and "@" or ":", reference)
end

--- Scans an artifact, and waits for the result. A scan that is running already is waited for.
--- Source: Harbor API v2.0, scanArtifact
---@param project_name string
---@param repo_name string
---@param reference string a tag or a digest
---@param timeout_secs number? seconds (300)
---@param opts { interval: number }? seconds between looks (5)
---@return assay.harbor.counts? counts nil when the scanner gave no summary
--- Raises "harbor: scan of ARTIFACT ended as STATUS", "harbor: timeout waiting for the scan of ARTIFACT (last: …)"; as
--- `scan_artifact`.
--- Example: assert.eq(c:scan_and_wait("shop", "backend/api", "1.4.2").critical, 0)
function Client:scan_and_wait(project_name, repo_name, reference, timeout_secs, opts)
  local path = artifact_path("scan_and_wait", project_name, repo_name, reference, "/scan")
  local timeout, interval = H.waiting("harbor.scan_and_wait", timeout_secs, opts, 300, 5)
  local title = title_of(project_name, repo_name, reference)
  H.post(self, ROOT .. path, H.object(), { ok = { 202, 409 }, shown = "scan" })
  local report = H.poll({
    timeout = timeout,
    interval = interval,
    message = "harbor: timeout waiting for the scan of " .. title,
    check = function()
      local one = overview(self, "scan_and_wait", project_name, repo_name, reference)
      local status = one and one.scan_status
      return (status == "Success" or status == "Error" or status == "Stopped") and one, status
    end,
  })
  if report.scan_status == "Success" then return counts_of(report) end
  error(("harbor: scan of %s ended as %s"):format(title, report.scan_status), 0)
end

--- The vulnerabilities that the last scan found.
--- Source: Harbor API v2.0, getVulnerabilitiesAddition
---@param project_name string
---@param repo_name string
---@param reference string a tag or a digest
---@return { id: string, package: string, version: string, fix_version: string, severity: string }[] vulnerabilities
--- Raises "harbor: GET PATH HTTP STATUS: BODY".
--- Example: for _, one in ipairs(c:vulnerability_list("shop", "backend/api", "1.4.2")) do log.info(one.id) end
function Client:vulnerability_list(project_name, repo_name, reference)
  local path = artifact_path("vulnerability_list", project_name, repo_name, reference, "/additions/vulnerabilities")
  local report = best(get(self, path, { headers = ACCEPT_REPORTS }))
  return report and report.vulnerabilities or {}
end

local SEVERITIES = { "critical", "high", "medium", "low", "negligible", "unknown", "total", "fixable" }

--- Makes sure that an artifact has been scanned, and has no more vulnerabilities than allowed.
--- Source: Harbor API v2.0, getArtifact
---@param project_name string
---@param repo_name string
---@param reference string a tag or a digest
---@param limits { critical: integer?, high: integer?, medium: integer?, low: integer?, negligible: integer?, unknown: integer?, total: integer?, fixable: integer?, fixable_only: boolean? }?
---  how many are allowed (critical: 0, the others: any number); fixable_only: count what a newer package cures
---@return assay.harbor.counts counts
--- Raises "harbor: ARTIFACT has no finished scan (STATUS)", "harbor: ARTIFACT has too many vulnerabilities: critical 2
--- (limit 0), …"; as `artifact_vulnerabilities`.
--- Example: c:assert_vulnerabilities("shop", "backend/api", "1.4.2", { critical = 0, high = 5, fixable_only = true })
function Client:assert_vulnerabilities(project_name, repo_name, reference, limits)
  local report = overview(self, "assert_vulnerabilities", project_name, repo_name, reference)
  local counts = counts_of(report)
  local title = title_of(project_name, repo_name, reference)
  local status = report and report.scan_status
  if not counts or status ~= nil and status ~= "Success" then
    error(("harbor: %s has no finished scan (%s)"):format(title, status or "none"), 0)
  end
  limits = H.without(limits)
  if limits.critical == nil then limits.critical = 0 end
  local counted = counts
  if limits.fixable_only then
    counted = { total = 0, fixable = 0 }
    for _, one in ipairs(self:vulnerability_list(project_name, repo_name, reference)) do
      if one.fix_version and one.fix_version ~= "" then
        local severity = (one.severity or "Unknown"):lower()
        for _, key in ipairs({ severity, "total", "fixable" }) do counted[key] = (counted[key] or 0) + 1 end
      end
    end
  end
  local over = {}
  for _, key in ipairs(SEVERITIES) do
    local count, limit = counted[key] or 0, limits[key]
    if limit and count > limit then over[#over + 1] = ("%s %s (limit %s)"):format(key, H.num(count), H.num(limit)) end
  end
  if #over == 0 then return counts end
  error(("harbor: %s has too many vulnerabilities: %s"):format(title, table.concat(over, ", ")), 0)
end

-- --- replication and robots ------------------------------------------------------------------------------------------

--- Replication policies.
--- Source: Harbor API v2.0, listReplicationPolicies
---@param opts assay.harbor.page?
---@return { id: integer, name: string, enabled: boolean, src_registry: table?, dest_registry: table?, trigger: table?, filters: table[]? }[] policies
--- Raises "harbor: GET PATH HTTP STATUS: BODY".
--- Example: assert.eq(c:replication_policies()[1].enabled, true)
function Client:replication_policies(opts)
  return list(self, "/replication/policies", opts)
end

--- Runs of replication policies.
--- Source: Harbor API v2.0, listReplicationExecutions
---@param opts { policy_id: integer?, status: string?, trigger: string?, sort: string?, page: integer?, page_size: integer? }?
---@return { id: integer, policy_id: integer, status: string, start_time: string, end_time: string?, total: integer, succeed: integer, failed: integer, in_progress: integer, stopped: integer }[] executions
---  status is InProgress, Succeed, Failed or Stopped
--- Raises "harbor: GET PATH HTTP STATUS: BODY".
--- Example: assert.eq(c:replication_executions({ policy_id = 1, page_size = 1 })[1].status, "Succeed")
function Client:replication_executions(opts)
  local o = opts or {}
  return list(self, "/replication/executions", opts, {
    { "policy_id", o.policy_id }, { "status", o.status }, { "trigger", o.trigger },
  })
end

--- Runs a replication policy, and waits for the end.
--- Source: Harbor API v2.0, startReplication
---@param policy_id integer
---@param timeout_secs number? seconds (300)
---@param opts { interval: number }? seconds between looks (5)
---@return table execution
--- Raises "harbor: replication POLICY ended as STATUS: MESSAGE", "harbor: timeout waiting for replication POLICY (last: …)",
--- "harbor: POST PATH HTTP STATUS: BODY".
--- Example: assert.eq(c:replicate(1).failed, 0)
function Client:replicate(policy_id, timeout_secs, opts)
  H.need("harbor.replicate", "policy_id", policy_id)
  local timeout, interval = H.waiting("harbor.replicate", timeout_secs, opts, 300, 5)
  local path = "/replication/executions"
  local _, response = H.post(self, ROOT .. path, { policy_id = policy_id })
  local id = (response.headers.location or ""):match("/(%d+)/*$")
  if not id then
    local newest = self:replication_executions({ policy_id = policy_id, sort = "-start_time", page = 1, page_size = 1 })[1]
    id = newest and newest.id or error("harbor: the server did not say which replication it began", 0)
  end
  local execution = H.poll({
    timeout = timeout,
    interval = interval,
    message = ("harbor: timeout waiting for replication %s"):format(H.seg(policy_id)),
    check = function()
      local one = get(self, ("%s/%s"):format(path, H.seg(id))) or {}
      return one.status ~= nil and one.status ~= "InProgress" and one, one.status
    end,
  })
  if execution.status == "Succeed" then return execution end
  local reason = execution.status_text and execution.status_text ~= "" and ": " .. execution.status_text or ""
  error(("harbor: replication %s ended as %s%s"):format(H.seg(policy_id), execution.status, reason), 0)
end

--- Robot accounts.
--- Source: Harbor API v2.0, ListRobot
---@param opts assay.harbor.page?
---@return { id: integer, name: string, level: string, disable: boolean, expires_at: integer }[] robots
--- Raises "harbor: GET PATH HTTP STATUS: BODY".
--- Example: for _, robot in ipairs(c:robots()) do log.info(robot.name) end
function Client:robots(opts)
  return list(self, "/robots", opts)
end

--- Creates a robot account. Only this answer has its secret.
--- Source: Harbor API v2.0, CreateRobot
---@param opts { name: string, level: "system"|"project"|nil, duration: integer?, description: string?, disable: boolean?, permissions: table[] }
---  level: "project" unless said; duration: days, -1 (the default) for ever
---@return { id: integer, name: string, secret: string, expires_at: integer } robot
--- Raises "harbor: POST PATH HTTP STATUS: BODY".
--- Example: local robot = c:create_robot({ name = "ci", permissions = { { kind = "project", namespace = "shop", access = { { resource = "repository", action = "pull" } } } } })
function Client:create_robot(opts)
  H.need("harbor.create_robot", "name", opts and opts.name, "permissions", opts and opts.permissions)
  local body = H.without(opts)
  body.level, body.duration = body.level or "project", body.duration or -1
  return (H.post(self, ROOT .. "/robots", body))
end

return M
