--- Kargo: what is deployed in each stage, and promotions, through the Kubernetes API.
---
--- A Kargo project is a namespace of the same name. Objects that are missing raise. "The rule for stages" below: a
--- stage is healthy when its phase is Steady, else when its last condition `Healthy` is true, else by
--- `status.health.status`; what describes an earlier generation does not count.
--- Source: Kargo API, group kargo.akuity.io/v1alpha1, docs.kargo.io.
--- Example: local c = kargo.client(); log.info(c:stage_status("shop", "staging").phase)
local H = require("assay._http")
local K = require("assay._kubernetes")

local M = {}

--- A connection to one Kubernetes API server.
---@class assay.kargo.client
---@field url string the API server's address
---@field token string|(fun(): string?)? bearer token; read at every call
local Client = {}

local function kind(plural)
  return K.kind("kargo.akuity.io", "v1alpha1", plural)
end

local STAGES, PROMOTIONS, WAREHOUSES, PROJECTS = kind("stages"), kind("promotions"), kind("warehouses"), kind("projects")
local FREIGHTS, OLD_FREIGHTS = kind("freights"), kind("freight")

local spec = K.spec({
  name = "kargo",
  methods = Client,
  list_as = "GET",
  absent = { single = "raise", list = "raise" },
  groups = {
    stages = {
      "stages", list = "stages", get = "stage", status = "stage_status", is_healthy = "is_stage_healthy",
      wait_healthy = "wait_stage_healthy", pipeline_status = "pipeline_status", refresh = "refresh_stage",
      reverify = "reverify", verification_status = "verification_status",
    },
    freight = {
      "freight", list = "freight_list", get = "freight", status = "freight_status", latest = "latest_freight",
      by_alias = "freight_by_alias", approve = "approve", is_verified = "is_verified",
    },
    promotions = {
      "promotions", list = "promotions", get = "promotion", status = "promotion_status", create = "promote",
      wait = "wait_promotion", abort = "abort",
    },
    warehouses = { "warehouses", list = "warehouses", get = "warehouse", refresh = "refresh_warehouse" },
    projects = { "projects", list = "projects", get = "project" },
  },
})

--- Connects to the Kubernetes API server that Kargo runs on.
--- Source: Assay
---@param url string? its address; nil: the cluster we run in, or the kubeconfig's current context
---@param token string|table|nil bearer token, or already the options; nil: the pod's own
---@param opts assay.options?
---@return assay.kargo.client c
--- Raises "kargo: not running in a Kubernetes pod (KUBERNETES_SERVICE_HOST not set)" without an address.
--- Example: local c = kargo.client("https://10.0.0.1:6443", "token")
function M.client(url, token, opts)
  return H.client(spec, url, token, opts)
end

-- --- stages -----------------------------------------------------------------------------------------------------------

--- Stages of a project.
--- Source: Kargo API, Stage
---@param namespace string? the project; nil or "*": all
---@return table[] stages
--- Raises "kargo: GET PATH HTTP STATUS: BODY".
--- Example: assert.eq(#c:stages("shop"), 2)
function Client:stages(namespace)
  return K.collection(self, STAGES, namespace).items
end

--- One stage.
--- Source: Kargo API, Stage
---@param namespace string the project
---@param name string
---@return table stage
--- Raises "kargo: GET PATH HTTP 404: BODY" when it does not exist, and for other failures.
--- Example: assert.eq(c:stage("shop", "staging").metadata.name, "staging")
function Client:stage(namespace, name)
  H.need("kargo.stage", "namespace", namespace, "name", name)
  return K.object(self, STAGES, namespace, name)
end

local function status_of(object)
  return type(object.status) == "table" and object.status or {}
end

--- The newest entry of a stage's freight history.
local function current_collection(stage)
  local history = status_of(stage).freightHistory
  return type(history) == "table" and history[1] or nil
end

--- Names of the freight that a stage holds: one for each warehouse it takes from.
local function freight_of(stage)
  local status = status_of(stage)
  local old = type(status.currentFreight) == "table" and status.currentFreight.name or status.currentFreightId
  if old and old ~= "" then return { old } end
  local names, collection = {}, current_collection(stage)
  for _, item in pairs(collection and collection.items or {}) do names[#names + 1] = item.name end
  table.sort(names)
  return names
end

local function verification_of(stage)
  local collection = current_collection(stage)
  local history = collection and collection.verificationHistory
  return type(history) == "table" and history[1] or nil
end

--- Releases before 1.0 report a phase; later ones only conditions, from which it follows.
local function phase_of(stage)
  local status = status_of(stage)
  if status.phase and status.phase ~= "" then return status.phase end
  if status.currentPromotion or K.is_true(stage, "Promoting") then return "Promoting" end
  local last = status.lastPromotion and status.lastPromotion.status
  if last and (last.phase == "Failed" or last.phase == "Errored") then return "Failed" end
  local verification = verification_of(stage)
  if verification and (verification.phase == "Pending" or verification.phase == "Running") then return "Verifying" end
  if K.is_true(stage, "Ready") then return "Steady" end
  return #freight_of(stage) == 0 and "NotApplicable" or "Unknown"
end

local function is_healthy(stage)
  local status = status_of(stage)
  if status.phase == "Steady" then return true end
  local condition
  for _, one in ipairs(K.conditions(stage)) do
    if one.type == "Healthy" then condition = one end
  end
  if condition then return condition.status == "True" and not K.is_stale(stage, condition) end
  local health = status.health and status.health.status
  if health == "Healthy" then return not K.is_stale(stage) end
  return health == "NotApplicable" and K.is_true(stage, "Ready")
end

local function joined(names)
  return #names > 0 and table.concat(names, ",") or nil
end

--- What a stage holds, and how it fares.
--- Source: Kargo API, StageStatus
---@param namespace string the project
---@param name string
---@return { phase: string, current_freight_id: string?, health: table?, conditions: table[], current_promotion: string?, last_promotion: string?, freight: string[] } status
---  phase is one of Steady, Promoting, Verifying, Failed, NotApplicable, Unknown; several freight names are joined by ","
--- Raises as `stage`.
--- Example: assert.eq(c:stage_status("shop", "staging").phase, "Steady")
function Client:stage_status(namespace, name)
  H.need("kargo.stage_status", "namespace", namespace, "name", name)
  local stage = K.object(self, STAGES, namespace, name)
  local status, freight = status_of(stage), freight_of(stage)
  return {
    phase = phase_of(stage),
    current_freight_id = joined(freight),
    health = status.health,
    conditions = K.conditions(stage),
    current_promotion = status.currentPromotion and status.currentPromotion.name,
    last_promotion = status.lastPromotion and status.lastPromotion.name,
    freight = freight,
  }
end

--- Whether a stage is healthy, by the rule for stages.
--- Source: Kargo API, StageStatus
---@param namespace string the project
---@param name string
---@return boolean
--- Raises as `stage`.
--- Example: assert.eq(c:is_stage_healthy("shop", "staging"), true)
function Client:is_stage_healthy(namespace, name)
  H.need("kargo.is_stage_healthy", "namespace", namespace, "name", name)
  return is_healthy(K.object(self, STAGES, namespace, name))
end

local function seen(stage)
  local status = status_of(stage)
  local text = "phase " .. phase_of(stage)
  if status.health and status.health.status then text = text .. ", health " .. status.health.status end
  for _, issue in ipairs(status.health and status.health.issues or {}) do text = text .. ", " .. tostring(issue) end
  return text
end

--- Waits until a stage is healthy, by the rule for stages.
--- Source: Kargo API, StageStatus
---@param namespace string the project
---@param name string
---@param timeout_secs number? seconds (60)
---@param opts { interval: number }? seconds between looks (5)
---@return true
--- Raises "kargo: stage NAMESPACE/NAME not healthy after Ns (last: …)", and 400, 401, 403 as `stage` does.
--- Example: c:wait_stage_healthy("shop", "staging", 60)
function Client:wait_stage_healthy(namespace, name, timeout_secs, opts)
  H.need("kargo.wait_stage_healthy", "namespace", namespace, "name", name)
  local timeout, interval = H.waiting("kargo.wait_stage_healthy", timeout_secs, opts, 60, 5)
  return H.poll({
    timeout = timeout,
    interval = interval,
    message = ("kargo: stage %s/%s not healthy after %s"):format(namespace, name, H.seconds(timeout)),
    check = function()
      local stage = K.object(self, STAGES, namespace, name)
      return is_healthy(stage), seen(stage)
    end,
  })
end

--- All stages of a project at a glance, in the server's order.
--- Source: Kargo API, StageStatus
---@param namespace string? the project; nil or "*": all
---@return { name: string, phase: string, freight: string?, healthy: boolean }[] stages
--- Raises as `stages`.
--- Example: for _, stage in ipairs(c:pipeline_status("shop")) do log.info(stage.name .. " " .. stage.phase) end
function Client:pipeline_status(namespace)
  local out = {}
  for i, stage in ipairs(K.collection(self, STAGES, namespace).items) do
    out[i] = {
      name = stage.metadata and stage.metadata.name or "unknown",
      phase = phase_of(stage),
      freight = joined(freight_of(stage)),
      healthy = is_healthy(stage),
    }
  end
  return out
end

--- The last verification of what a stage holds now.
--- Source: Kargo API, VerificationInfo
---@param namespace string the project
---@param stage string
---@return { phase: string, message: string?, id: string? }? verification nil when there was none
--- Raises as `stage`.
--- Example: assert.eq(c:verification_status("shop", "staging").phase, "Successful")
function Client:verification_status(namespace, stage)
  H.need("kargo.verification_status", "namespace", namespace, "stage", stage)
  local verification = verification_of(K.object(self, STAGES, namespace, stage))
  return verification and { phase = verification.phase, message = verification.message, id = verification.id }
end

-- --- freight ----------------------------------------------------------------------------------------------------------

--- Does something with the path of freight, which was another in old releases. The server's answer tells which it is.
local function with_freights(c, action)
  local state = H.state(c)
  if state.freights then return action(state.freights) end
  local ok, result = pcall(action, FREIGHTS)
  if ok then
    state.freights = FREIGHTS
    return result
  end
  if not H.route_missing(result) then error(result, 0) end
  local old_ok, old_result = pcall(action, OLD_FREIGHTS)
  if not old_ok then error(H.route_missing(old_result) and result or old_result, 0) end
  state.freights = OLD_FREIGHTS
  return old_result
end

local function label(object, name)
  local labels = object.metadata and object.metadata.labels
  return labels and labels["kargo.akuity.io/" .. name]
end

local function comes_from(freight, warehouse)
  local origin = freight.origin or {}
  return origin.kind == "Warehouse" and origin.name == warehouse or label(freight, "warehouse") == warehouse
end

local function is_known_to(freight, stage)
  local status = status_of(freight)
  for _, key in ipairs({ "currentlyIn", "verifiedIn", "approvedFor" }) do
    if type(status[key]) == "table" and status[key][stage] ~= nil then return true end
  end
  return label(freight, "stage") == stage
end

local function selected(opts)
  return opts and opts.label_selector and { { "labelSelector", opts.label_selector } } or nil
end

--- Freight of a project.
--- Source: Kargo API, Freight
---@param namespace string? the project; nil or "*": all
---@param opts { warehouse: string?, stage: string?, label_selector: string? }? the warehouse it comes from; the stage
---  that it is in, verified in, or approved for; both must match; also the options of a client
---@return table[] freight
--- Raises "kargo: GET PATH HTTP STATUS: BODY".
--- Example: assert.gt(#c:freight_list("shop", { warehouse = "images" }), 0)
function Client:freight_list(namespace, opts)
  local c = H.with(self, opts)
  local items = with_freights(c, function(freights)
    return K.collection(c, freights, namespace, selected(opts)).items
  end)
  local warehouse, stage = opts and opts.warehouse, opts and opts.stage
  local out = {}
  for _, freight in ipairs(items) do
    if (not warehouse or comes_from(freight, warehouse)) and (not stage or is_known_to(freight, stage)) then
      out[#out + 1] = freight
    end
  end
  return out
end

--- One piece of freight.
--- Source: Kargo API, Freight
---@param namespace string the project
---@param name string
---@return table freight `alias`, `origin`, `commits`, `images`, `charts`, `status`
--- Raises "kargo: GET PATH HTTP 404: BODY" when it does not exist, and for other failures.
--- Example: assert.eq(c:freight("shop", "f1e2d3c4").alias, "happy-otter")
function Client:freight(namespace, name)
  H.need("kargo.freight", "namespace", namespace, "name", name)
  return with_freights(self, function(freights)
    return K.object(self, freights, namespace, name)
  end)
end

--- Where freight is, and what it is good for.
--- Source: Kargo API, FreightStatus
---@param namespace string the project
---@param name string
---@return { currentlyIn: table?, verifiedIn: table?, approvedFor: table? } status maps by stage
--- Raises as `freight`.
--- Example: assert.not_nil(c:freight_status("shop", "f1e2d3c4").verifiedIn.staging)
function Client:freight_status(namespace, name)
  H.need("kargo.freight_status", "namespace", namespace, "name", name)
  return status_of(Client.freight(self, namespace, name))
end

--- Freight by the alias that people use.
--- Source: Kargo API, label kargo.akuity.io/alias
---@param namespace string the project
---@param alias string
---@return table? freight nil when no freight has it
--- Raises "kargo: GET PATH HTTP STATUS: BODY".
--- Example: assert.eq(c:freight_by_alias("shop", "happy-otter").metadata.name, "f1e2d3c4")
function Client:freight_by_alias(namespace, alias)
  H.need("kargo.freight_by_alias", "namespace", namespace, "alias", alias)
  return Client.freight_list(self, namespace, { label_selector = "kargo.akuity.io/alias=" .. alias })[1]
end

--- The newest freight of a warehouse.
--- Source: Kargo API, Freight
---@param namespace string the project
---@param warehouse string? nil: of any warehouse
---@return table? freight nil when there is none
--- Raises "kargo: GET PATH HTTP STATUS: BODY".
--- Example: local freight = c:latest_freight("shop", "images"); c:promote("shop", "staging", freight.metadata.name)
function Client:latest_freight(namespace, warehouse)
  H.need("kargo.latest_freight", "namespace", namespace)
  local newest, at
  for _, freight in ipairs(Client.freight_list(self, namespace, { warehouse = warehouse })) do
    local created = H.parse_time(freight.metadata and freight.metadata.creationTimestamp) or -math.huge
    if not newest or created > at then
      newest, at = freight, created
    end
  end
  return newest
end

--- Whether freight has been verified in a stage.
--- Source: Kargo API, FreightStatus
---@param namespace string the project
---@param freight string
---@param stage string
---@return boolean
--- Raises as `freight`.
--- Example: assert.eq(c:is_verified("shop", "f1e2d3c4", "staging"), true)
function Client:is_verified(namespace, freight, stage)
  H.need("kargo.is_verified", "namespace", namespace, "freight", freight, "stage", stage)
  local verified = Client.freight_status(self, namespace, freight).verifiedIn
  return type(verified) == "table" and verified[stage] ~= nil
end

--- Approves freight for a stage by hand, whatever stages it has not been verified in.
--- Source: Kargo API, FreightStatus.approvedFor
---@param namespace string the project
---@param freight string
---@param stage string
---@return table freight
--- Raises "kargo: PATCH PATH HTTP 403: BODY" without the permission to patch `freights/status`, and for other failures.
--- Example: c:approve("shop", "f1e2d3c4", "production")
function Client:approve(namespace, freight, stage)
  H.need("kargo.approve", "namespace", namespace, "freight", freight, "stage", stage)
  local approval = { status = { approvedFor = { [stage] = { approvedAt = H.rfc3339(H.clock.time() // 1) } } } }
  return with_freights(self, function(freights)
    return K.patch(self, freights, namespace, freight, approval, "status")
  end)
end

-- --- promotions -------------------------------------------------------------------------------------------------------

--- Promotions of a project.
--- Source: Kargo API, Promotion
---@param namespace string? the project; nil or "*": all
---@param opts { stage: string?, label_selector: string? }? only those to a stage; also the options of a client
---@return table[] promotions
--- Raises "kargo: GET PATH HTTP STATUS: BODY".
--- Example: assert.eq(#c:promotions("shop", { stage = "staging" }), 1)
function Client:promotions(namespace, opts)
  local items = K.collection(H.with(self, opts), PROMOTIONS, namespace, selected(opts)).items
  local stage = opts and opts.stage
  if not stage then return items end
  local out = {}
  for _, promotion in ipairs(items) do
    if promotion.spec and promotion.spec.stage == stage then out[#out + 1] = promotion end
  end
  return out
end

--- One promotion.
--- Source: Kargo API, Promotion
---@param namespace string the project
---@param name string
---@return table promotion
--- Raises "kargo: GET PATH HTTP 404: BODY" when it does not exist, and for other failures.
--- Example: assert.eq(c:promotion("shop", "staging.01").spec.stage, "staging")
function Client:promotion(namespace, name)
  H.need("kargo.promotion", "namespace", namespace, "name", name)
  return K.object(self, PROMOTIONS, namespace, name)
end

local function promotion_status(promotion)
  local status, wanted = status_of(promotion), promotion.spec or {}
  return {
    phase = status.phase,
    message = status.message,
    freight_id = type(status.freight) == "table" and status.freight.name or status.freightId or wanted.freight,
  }
end

--- How far a promotion has come.
--- Source: Kargo API, PromotionStatus
---@param namespace string the project
---@param name string
---@return { phase: string?, message: string?, freight_id: string? } status phase is one of Pending, Running, Succeeded,
---  Failed, Errored, Aborted, or nil before the controller has seen it
--- Raises as `promotion`.
--- Example: assert.eq(c:promotion_status("shop", "staging.01").phase, "Succeeded")
function Client:promotion_status(namespace, name)
  H.need("kargo.promotion_status", "namespace", namespace, "name", name)
  return promotion_status(K.object(self, PROMOTIONS, namespace, name))
end

local DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"

--- A ULID in lower case: 48 bits of milliseconds, 80 random bits, in base 32. Promotions are ordered by it.
local function ulid()
  local out, ms = {}, math.floor(H.clock.time() * 1000)
  for i = 10, 1, -1 do
    local digit = ms % 32 + 1
    out[i] = DIGITS:sub(digit, digit)
    ms = ms // 32
  end
  for i = 11, 26 do
    local digit = math.random(32)
    out[i] = DIGITS:sub(digit, digit)
  end
  return table.concat(out)
end

--- `<stage>.<ulid>.<beginning of the freight's name>`, within the 253 characters that names may have.
local function promotion_name(stage, freight)
  local tail = (".%s.%s"):format(ulid(), freight:sub(1, 7)):lower()
  return stage:lower():sub(1, 253 - #tail):gsub("[^%w]+$", "") .. tail
end

--- The Stage, or nil when we may not read it or it is not there: then the server must fill in the steps.
local function readable_stage(c, namespace, stage)
  local ok, object = pcall(K.object, c, STAGES, namespace, stage)
  if ok then return object end
  local parts = H.error(object)
  if parts and (parts.status == 403 or parts.status == 404) then return nil end
  error(object, 0)
end

local function create_promotion(c, namespace, stage, wanted, label_text)
  local object = readable_stage(c, namespace, stage)
  local metadata = { namespace = namespace }
  if object then
    local template = object.spec and object.spec.promotionTemplate and object.spec.promotionTemplate.spec or {}
    local vars = {}
    for _, list in ipairs({ object.spec and object.spec.vars or {}, template.vars or {} }) do
      table.move(list, 1, #list, #vars + 1, vars)
    end
    wanted.steps = template.steps
    wanted.vars = #vars > 0 and vars or nil
    metadata.name = promotion_name(stage, label_text)
  else
    metadata.generateName = stage .. "."
  end
  return K.create(c, PROMOTIONS, namespace, function(api_version)
    return { apiVersion = api_version, kind = "Promotion", metadata = metadata, spec = wanted }
  end)
end

--- Promotes freight to a stage. The promotion then runs by itself: see `wait_promotion`.
--- Source: Kargo API, Promotion
---@param namespace string the project
---@param stage string
---@param freight string|{ origin: string } name of the freight; or the warehouse whose newest freight is to be taken
---  (newest Kargo releases)
---@return table promotion as created; its `metadata.name` is the server's choice
--- Raises "kargo: POST PATH HTTP STATUS: BODY": 403 without the permission to promote to the stage, 422 when the
--- freight is not available to it.
--- Example: local promotion = c:promote("shop", "staging", "f1e2d3c4"); c:wait_promotion("shop", promotion.metadata.name)
function Client:promote(namespace, stage, freight)
  H.need("kargo.promote", "namespace", namespace, "stage", stage, "freight", freight)
  if type(freight) == "table" then
    H.need("kargo.promote", "freight.origin", freight.origin)
    local origin = { kind = "Warehouse", name = freight.origin }
    return create_promotion(self, namespace, stage, { stage = stage, origin = origin }, freight.origin)
  end
  return create_promotion(self, namespace, stage, { stage = stage, freight = freight }, freight)
end

local FAILED = { Failed = true, Errored = true, Aborted = true }

--- Waits until a promotion has succeeded.
--- Source: Kargo API, PromotionStatus
---@param namespace string the project
---@param name string
---@param timeout_secs number? seconds (300)
---@param opts { interval: number }? seconds between looks (5)
---@return table promotion
--- Raises "kargo: promotion NAMESPACE/NAME PHASE: MESSAGE" at once when it ends otherwise, and
--- "kargo: promotion NAMESPACE/NAME not finished after Ns (last: …)".
--- Example: c:wait_promotion("shop", "staging.01", 120)
function Client:wait_promotion(namespace, name, timeout_secs, opts)
  H.need("kargo.wait_promotion", "namespace", namespace, "name", name)
  local timeout, interval = H.waiting("kargo.wait_promotion", timeout_secs, opts, 300, 5)
  return H.poll({
    timeout = timeout,
    interval = interval,
    message = ("kargo: promotion %s/%s not finished after %s"):format(namespace, name, H.seconds(timeout)),
    check = function()
      local promotion = K.object(self, PROMOTIONS, namespace, name)
      local status = promotion_status(promotion)
      if FAILED[status.phase] then
        local phase, message = status.phase:lower(), status.message or "no message"
        error(("kargo: promotion %s/%s %s: %s"):format(namespace, name, phase, message), 0)
      end
      return status.phase == "Succeeded" and promotion, "phase " .. (status.phase or "unknown")
    end,
  })
end

--- Promotes freight to a stage and waits until it has arrived: the promotion has succeeded, and the stage is healthy and
--- has verified it.
--- Source: Kargo API, Promotion, StageStatus
---@param namespace string the project
---@param stage string
---@param freight string
---@param timeout_secs number? seconds for all of it (600)
---@param opts { interval: number }? seconds between looks (5)
---@return table promotion
--- Raises as `promote`, `wait_promotion` and `wait_stage_healthy`, and "kargo: verification of NAMESPACE/STAGE PHASE: MESSAGE".
--- Example: c:promote_and_wait("shop", "staging", "f1e2d3c4", 300)
function Client:promote_and_wait(namespace, stage, freight, timeout_secs, opts)
  H.need("kargo.promote_and_wait", "namespace", namespace, "stage", stage, "freight", freight)
  local timeout, interval = H.waiting("kargo.promote_and_wait", timeout_secs, opts, 600, 5)
  local finish = H.clock.now() + timeout
  local name = Client.promote(self, namespace, stage, freight).metadata.name
  local promotion = Client.wait_promotion(self, namespace, name, timeout, { interval = interval })
  H.poll({
    timeout = math.max(finish - H.clock.now(), 0),
    interval = interval,
    message = ("kargo: stage %s/%s not healthy and verified after %s"):format(namespace, stage, H.seconds(timeout)),
    check = function()
      local object = K.object(self, STAGES, namespace, stage)
      local verification = verification_of(object)
      local phase = verification and verification.phase
      if phase == "Failed" or phase == "Error" or phase == "Aborted" or phase == "Inconclusive" then
        local message = verification.message or "no message"
        error(("kargo: verification of %s/%s %s: %s"):format(namespace, stage, phase:lower(), message), 0)
      end
      local verified = phase == nil and not (object.spec and object.spec.verification) or phase == "Successful"
      return verified and is_healthy(object), seen(object) .. (phase and ", verification " .. phase or "")
    end,
  })
  return promotion
end

--- Ends a promotion that is under way.
--- Source: Kargo API, annotation kargo.akuity.io/abort
---@param namespace string the project
---@param promotion string
---@return table promotion
--- Raises "kargo: PATCH PATH HTTP STATUS: BODY".
--- Example: c:abort("shop", "staging.01")
function Client:abort(namespace, promotion)
  H.need("kargo.abort", "namespace", namespace, "promotion", promotion)
  local annotations = { ["kargo.akuity.io/abort"] = '{"action":"terminate"}' }
  return K.patch(self, PROMOTIONS, namespace, promotion, { metadata = { annotations = annotations } })
end

--- Verifies what a stage holds once more.
--- Source: Kargo API, annotation kargo.akuity.io/reverify
---@param namespace string the project
---@param stage string
---@return table stage
--- Raises "kargo: stage NAMESPACE/STAGE has no verification to repeat", and as `stage`.
--- Example: c:reverify("shop", "staging")
function Client:reverify(namespace, stage)
  H.need("kargo.reverify", "namespace", namespace, "stage", stage)
  local verification = verification_of(K.object(self, STAGES, namespace, stage))
  if not verification or not verification.id then
    error(("kargo: stage %s/%s has no verification to repeat"):format(namespace, stage), 0)
  end
  local annotations = { ["kargo.akuity.io/reverify"] = H.json({ id = verification.id }) }
  return K.patch(self, STAGES, namespace, stage, { metadata = { annotations = annotations } })
end

-- --- warehouses and projects ------------------------------------------------------------------------------------------

--- Warehouses of a project.
--- Source: Kargo API, Warehouse
---@param namespace string? the project; nil or "*": all
---@return table[] warehouses
--- Raises "kargo: GET PATH HTTP STATUS: BODY".
--- Example: assert.eq(c:warehouses("shop")[1].metadata.name, "images")
function Client:warehouses(namespace)
  return K.collection(self, WAREHOUSES, namespace).items
end

--- One warehouse.
--- Source: Kargo API, Warehouse
---@param namespace string the project
---@param name string
---@return table warehouse
--- Raises "kargo: GET PATH HTTP 404: BODY" when it does not exist, and for other failures.
--- Example: assert.not_nil(c:warehouse("shop", "images").spec)
function Client:warehouse(namespace, name)
  H.need("kargo.warehouse", "namespace", namespace, "name", name)
  return K.object(self, WAREHOUSES, namespace, name)
end

--- Projects of the cluster.
--- Source: Kargo API, Project
---@return table[] projects
--- Raises "kargo: GET PATH HTTP STATUS: BODY".
--- Example: assert.eq(c:projects()[1].metadata.name, "shop")
function Client:projects()
  return K.collection(self, PROJECTS).items
end

--- One project.
--- Source: Kargo API, Project
---@param name string
---@return table project
--- Raises "kargo: GET PATH HTTP 404: BODY" when it does not exist, and for other failures.
--- Example: assert.eq(c:project("shop").metadata.name, "shop")
function Client:project(name)
  H.need("kargo.project", "name", name)
  return K.object(self, PROJECTS, nil, name)
end

--- Asks for a new look, and waits until there was one.
local function refresh(c, fn, of, namespace, name, timeout_secs, opts)
  H.need(fn, "namespace", namespace, "name", name)
  local timeout, interval = H.waiting(fn, timeout_secs, opts, 60, 2)
  local mark = H.rfc3339(H.clock.time())
  local annotations = { ["kargo.akuity.io/refresh"] = mark }
  K.patch(c, of, namespace, name, { metadata = { annotations = annotations } })
  return H.poll({
    timeout = timeout,
    interval = interval,
    message = ("kargo: %s/%s not refreshed after %s"):format(namespace, name, H.seconds(timeout)),
    check = function()
      local object = K.object(c, of, namespace, name)
      local last = status_of(object).lastHandledRefresh
      return last == mark and object, "last refresh " .. tostring(last)
    end,
  })
end

--- Makes a warehouse look for new artifacts now, and waits until it has.
--- Source: Kargo API, annotation kargo.akuity.io/refresh
---@param namespace string the project
---@param name string
---@param timeout_secs number? seconds (60)
---@param opts { interval: number }? seconds between looks (2)
---@return table warehouse
--- Raises "kargo: NAMESPACE/NAME not refreshed after Ns (last: …)", "kargo: PATCH PATH HTTP STATUS: BODY".
--- Example: c:refresh_warehouse("shop", "images")
function Client:refresh_warehouse(namespace, name, timeout_secs, opts)
  return refresh(self, "kargo.refresh_warehouse", WAREHOUSES, namespace, name, timeout_secs, opts)
end

--- Makes the controller look at a stage now, and waits until it has.
--- Source: Kargo API, annotation kargo.akuity.io/refresh
---@param namespace string the project
---@param name string
---@param timeout_secs number? seconds (60)
---@param opts { interval: number }? seconds between looks (2)
---@return table stage
--- Raises "kargo: NAMESPACE/NAME not refreshed after Ns (last: …)", "kargo: PATCH PATH HTTP STATUS: BODY".
--- Example: c:refresh_stage("shop", "staging")
function Client:refresh_stage(namespace, name, timeout_secs, opts)
  return refresh(self, "kargo.refresh_stage", STAGES, namespace, name, timeout_secs, opts)
end

return M
