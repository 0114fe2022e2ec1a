--- cert-manager: certificates, issuers, requests, ACME orders and challenges, through the Kubernetes API.
---
--- "Ready" means that condition `Ready` is true and about the object as it is now. It stays true while a renewal runs,
--- and when renewals fail: look at `not_after` too. A list is empty where cert-manager is not installed.
--- Source: cert-manager API reference, cert-manager.io/docs/reference/api-docs.
--- Example: local c = certmanager.client(); assert.eq(c:all_certificates_ready("shop").not_ready, 0)
local H = require("assay._http")
local K = require("assay._kubernetes")

local M = {}

--- A connection to one Kubernetes API server.
---@class assay.certmanager.client
---@field url string the API server's address
---@field token string|(fun(): string?)? bearer token; read at every call
local Client = {}

local GROUP, ACME = "cert-manager.io", "acme.cert-manager.io"
local CERTIFICATE, ISSUER = K.kind(GROUP, "v1", "certificates"), K.kind(GROUP, "v1", "issuers")
local CLUSTER_ISSUER, REQUEST = K.kind(GROUP, "v1", "clusterissuers"), K.kind(GROUP, "v1", "certificaterequests")
local ORDER, CHALLENGE = K.kind(ACME, "v1", "orders"), K.kind(ACME, "v1", "challenges")
local SECRET = K.kind("", "v1", "secrets")

local spec = K.spec({
  name = "certmanager",
  methods = Client,
  absent = { single = "nil", list = "empty" },
  groups = {
    certificates = {
      "certificates", list = "certificates", get = "certificate", status = "certificate_status",
      is_ready = "is_certificate_ready", wait_ready = "wait_certificate_ready", all_ready = "all_certificates_ready",
      renew = "renew", diagnose = "diagnose", expiring = "expiring", expires_in = "expires_in",
    },
    issuers = {
      "issuers", list = "issuers", get = "issuer", is_ready = "is_issuer_ready", all_ready = "all_issuers_ready",
      wait_ready = "wait_issuer_ready",
    },
    cluster_issuers = {
      "cluster_issuers", list = "cluster_issuers", get = "cluster_issuer", is_ready = "is_cluster_issuer_ready",
      all_ready = "all_cluster_issuers_ready", wait_ready = "wait_cluster_issuer_ready",
    },
    requests = {
      list = "certificate_requests", get = "certificate_request", is_approved = "is_request_approved",
      is_denied = "is_request_denied", is_failed = "is_request_failed", approve = "approve",
    },
    orders = { "orders", list = "orders", get = "order" },
    challenges = { "challenges", list = "challenges", get = "challenge" },
  },
})

--- Connects to the Kubernetes API server that cert-manager runs on.
--- Source: Assay
---@param url string? its address; nil: the cluster we run in, or the kubeconfig's current context
---@param token string|table|nil bearer token, or already the options; nil: the pod's own
---@param opts assay.options?
---@return assay.certmanager.client c
--- Raises "certmanager: not running in a Kubernetes pod (KUBERNETES_SERVICE_HOST not set)" without an address.
--- Example: local c = certmanager.client("https://10.0.0.1:6443", "token")
function M.client(url, token, opts)
  return H.client(spec, url, token, opts)
end

local function one(c, fn, kind, namespace, name)
  H.need("certmanager." .. fn, "namespace", namespace, "name", name)
  return K.object(c, kind, namespace, name)
end

local function status_of(object)
  return type(object.status) == "table" and object.status or {}
end

--- Waits until an object is ready.
local function wait_ready(c, fn, kind, namespace, name, timeout_secs, opts, default, title)
  local timeout, interval = H.waiting("certmanager." .. fn, timeout_secs, opts, default, 5)
  return H.poll({
    timeout = timeout,
    interval = interval,
    message = ("certmanager: timeout waiting for %s to be ready"):format(title),
    check = function()
      local object = K.object(c, kind, namespace, name)
      return K.is_true(object, "Ready"), K.seen(object, "Ready")
    end,
  })
end

local function summary(items, o)
  return K.summary(items, function(object)
    return K.is_true(object, "Ready")
  end, "ready", "not_ready", o)
end

-- --- certificates ----------------------------------------------------------------------------------------------------

--- Certificates.
--- Source: cert-manager API v1, Certificate
---@param namespace string? nil or "*": all
---@return { items: table[] } list empty where cert-manager is not installed
--- Raises "certmanager: LIST PATH HTTP STATUS: BODY".
--- Example: assert.gt(#c:certificates("shop").items, 0)
function Client:certificates(namespace)
  return K.collection(self, CERTIFICATE, namespace)
end

--- One certificate.
--- Source: cert-manager API v1, Certificate
---@param namespace string
---@param name string
---@return table? certificate nil when absent
--- Raises "certmanager: GET PATH HTTP STATUS: BODY".
--- Example: assert.eq(c:certificate("shop", "shop-tls").spec.secretName, "shop-tls")
function Client:certificate(namespace, name)
  return one(self, "certificate", CERTIFICATE, namespace, name)
end

local function seconds_left(certificate)
  local ends = H.parse_time(status_of(certificate).notAfter)
  return ends and ends - H.clock.time()
end

--- Where a certificate stands.
--- Source: cert-manager API v1, CertificateStatus
---@param namespace string
---@param name string
---@return { ready: boolean, not_after: string?, not_before: string?, renewal_time: string?, revision: integer?, conditions: table[], issuing: boolean, reason: string?, message: string?, last_failure_time: string?, failed_attempts: integer, seconds_left: number? }? status
---  nil when absent; times are RFC 3339 in UTC; reason and message are those of condition `Issuing`, else of `Ready`
--- Raises as `certificate`.
--- Example: log.info("valid until " .. c:certificate_status("shop", "shop-tls").not_after)
function Client:certificate_status(namespace, name)
  local certificate = one(self, "certificate_status", CERTIFICATE, namespace, name)
  if not certificate then return nil end
  local status = status_of(certificate)
  local issuing, ready = K.condition(certificate, "Issuing"), K.condition(certificate, "Ready")
  local is_issuing = issuing ~= nil and issuing.status == "True"
  local telling = is_issuing and issuing or ready or {}
  return {
    ready = K.is_true(certificate, "Ready"),
    not_after = status.notAfter,
    not_before = status.notBefore,
    renewal_time = status.renewalTime,
    revision = status.revision,
    conditions = K.conditions(certificate),
    issuing = is_issuing,
    reason = telling.reason,
    message = telling.message,
    last_failure_time = status.lastFailureTime,
    failed_attempts = status.failedIssuanceAttempts or 0,
    seconds_left = seconds_left(certificate),
  }
end

--- Whether a certificate is ready; false when absent.
--- Source: cert-manager API v1, Certificate
---@param namespace string
---@param name string
---@return boolean
--- Raises as `certificate`.
--- Example: assert.eq(c:is_certificate_ready("shop", "shop-tls"), true)
function Client:is_certificate_ready(namespace, name)
  return K.is_true(one(self, "is_certificate_ready", CERTIFICATE, namespace, name), "Ready")
end

--- Waits until a certificate is ready. After a failed issuance cert-manager pauses for an hour or more.
--- Source: cert-manager API v1, Certificate
---@param namespace string
---@param name string
---@param timeout_secs number? seconds (300)
---@param opts { interval: number }? seconds between looks (5)
---@return true
--- Raises "certmanager: timeout waiting for certificate NAMESPACE/NAME to be ready (last: …)", and 400, 401, 403 at once.
--- Example: c:wait_certificate_ready("shop", "shop-tls", 300)
function Client:wait_certificate_ready(namespace, name, timeout_secs, opts)
  H.need("certmanager.wait_certificate_ready", "namespace", namespace, "name", name)
  local title = ("certificate %s/%s"):format(namespace, name)
  return wait_ready(self, "wait_certificate_ready", CERTIFICATE, namespace, name, timeout_secs, opts, 300, title)
end

--- Counts the certificates that are ready.
--- Source: cert-manager API v1, Certificate
---@param namespace string? nil or "*": all; the names are then NAMESPACE/NAME
---@return { ready: integer, not_ready: integer, total: integer, not_ready_names: string[], reasons: table<string, string> }
--- Raises as `certificates`.
--- Example: assert.eq(c:all_certificates_ready("shop").not_ready, 0)
function Client:all_certificates_ready(namespace)
  return summary(K.collection(self, CERTIFICATE, namespace).items, { namespace = namespace })
end

--- Seconds until a certificate expires.
--- Source: cert-manager API v1, CertificateStatus.notAfter
---@param namespace string
---@param name string
---@return number? seconds negative when it has expired; nil when absent or not issued yet
--- Raises as `certificate`.
--- Example: assert.gt(c:expires_in("shop", "shop-tls"), 7 * 86400)
function Client:expires_in(namespace, name)
  local certificate = one(self, "expires_in", CERTIFICATE, namespace, name)
  return certificate and seconds_left(certificate)
end

--- Certificates that expire soon, the first to expire first.
--- Source: cert-manager API v1, CertificateStatus.notAfter
---@param namespace string? nil or "*": all
---@param days number
---@return { namespace: string, name: string, days: number, renewal_time: string? }[] certificates
--- Raises as `certificates`.
--- Example: assert.eq(#c:expiring("shop", 7), 0)
function Client:expiring(namespace, days)
  H.need("certmanager.expiring", "days", days)
  local out = {}
  for _, certificate in ipairs(K.collection(self, CERTIFICATE, namespace).items) do
    local left = seconds_left(certificate)
    if left and left < days * 86400 then
      local metadata = certificate.metadata or {}
      out[#out + 1] = {
        namespace = metadata.namespace, name = metadata.name or "unknown", days = left / 86400,
        renewal_time = status_of(certificate).renewalTime,
      }
    end
  end
  table.sort(out, function(a, b)
    return a.days < b.days
  end)
  return out
end

--- Makes cert-manager issue a certificate anew.
--- Source: cert-manager API v1, condition Issuing; cert-manager.io/docs/reference/cmctl, "renew"
---@param namespace string
---@param name string
---@param opts { wait: number?, interval: number? }? seconds to wait until it has been issued (not at all)
---@return table certificate
--- Raises "certmanager: certificate NAMESPACE/NAME not found", "certmanager: PUT PATH HTTP STATUS: BODY", and as
--- `wait_certificate_ready` when it waits.
--- Example: c:renew("shop", "shop-tls")
function Client:renew(namespace, name, opts)
  H.need("certmanager.renew", "namespace", namespace, "name", name)
  local title = ("certificate %s/%s"):format(namespace, name)
  local updated = K.set_condition(self, CERTIFICATE, namespace, name, title, {
    type = "Issuing", status = "True", reason = "ManuallyTriggered",
    message = "Certificate re-issuance manually triggered",
  })
  if not opts or not opts.wait then return updated end
  local timeout, interval = H.waiting("certmanager.renew", opts.wait, opts, 300, 5)
  local before = status_of(updated).revision
  return H.poll({
    timeout = timeout,
    interval = interval,
    message = ("certmanager: timeout waiting for %s to be ready"):format(title),
    check = function()
      local certificate = K.object(self, CERTIFICATE, namespace, name)
      local issuing = K.condition(certificate, "Issuing")
      local done = certificate and K.is_true(certificate, "Ready") and (not issuing or issuing.status ~= "True")
        and status_of(certificate).revision ~= before
      return done and certificate, K.seen(certificate, issuing and "Issuing" or "Ready")
    end,
  })
end

--- The PEM texts in the Secret of a certificate.
--- Source: cert-manager API v1, CertificateSpec.secretName
---@param namespace string
---@param name string
---@return { certificate: string?, private_key: string?, ca: string? }? pem nil when certificate or Secret is absent
--- Raises as `certificate`.
--- Example: assert.contains(c:secret_certificate("shop", "shop-tls").certificate, "BEGIN CERTIFICATE")
function Client:secret_certificate(namespace, name)
  local certificate = one(self, "secret_certificate", CERTIFICATE, namespace, name)
  local secret_name = certificate and certificate.spec and certificate.spec.secretName
  local secret = secret_name and K.object(self, SECRET, namespace, secret_name)
  if not secret then return nil end
  local data = secret.data or {}
  local function text(key)
    return data[key] and base64.decode(data[key])
  end
  return { certificate = text("tls.crt"), private_key = text("tls.key"), ca = text("ca.crt") }
end

-- --- issuers ---------------------------------------------------------------------------------------------------------

--- Issuers of a namespace.
--- Source: cert-manager API v1, Issuer
---@param namespace string? nil or "*": all
---@return { items: table[] } list
--- Raises "certmanager: LIST PATH HTTP STATUS: BODY".
--- Example: assert.gt(#c:issuers("shop").items, 0)
function Client:issuers(namespace)
  return K.collection(self, ISSUER, namespace)
end

--- One issuer.
--- Source: cert-manager API v1, Issuer
---@param namespace string
---@param name string
---@return table? issuer nil when absent
--- Raises "certmanager: GET PATH HTTP STATUS: BODY".
--- Example: assert.not_nil(c:issuer("shop", "letsencrypt").spec)
function Client:issuer(namespace, name)
  return one(self, "issuer", ISSUER, namespace, name)
end

--- Whether an issuer is ready; false when absent.
--- Source: cert-manager API v1, Issuer
---@param namespace string
---@param name string
---@return boolean
--- Raises as `issuer`.
--- Example: assert.eq(c:is_issuer_ready("shop", "letsencrypt"), true)
function Client:is_issuer_ready(namespace, name)
  return K.is_true(one(self, "is_issuer_ready", ISSUER, namespace, name), "Ready")
end

--- Waits until an issuer is ready.
--- Source: cert-manager API v1, Issuer
---@param namespace string
---@param name string
---@param timeout_secs number? seconds (60)
---@param opts { interval: number }? seconds between looks (5)
---@return true
--- Raises "certmanager: timeout waiting for issuer NAMESPACE/NAME to be ready (last: …)".
--- Example: c:wait_issuer_ready("shop", "letsencrypt")
function Client:wait_issuer_ready(namespace, name, timeout_secs, opts)
  H.need("certmanager.wait_issuer_ready", "namespace", namespace, "name", name)
  local title = ("issuer %s/%s"):format(namespace, name)
  return wait_ready(self, "wait_issuer_ready", ISSUER, namespace, name, timeout_secs, opts, 60, title)
end

--- Counts the issuers that are ready.
--- Source: cert-manager API v1, Issuer
---@param namespace string? nil or "*": all; the names are then NAMESPACE/NAME
---@return { ready: integer, not_ready: integer, total: integer, not_ready_names: string[], reasons: table<string, string> }
--- Raises as `issuers`.
--- Example: assert.eq(c:all_issuers_ready("shop").not_ready, 0)
function Client:all_issuers_ready(namespace)
  return summary(K.collection(self, ISSUER, namespace).items, { namespace = namespace })
end

--- Issuers of the cluster.
--- Source: cert-manager API v1, ClusterIssuer
---@return { items: table[] } list
--- Raises "certmanager: LIST PATH HTTP STATUS: BODY".
--- Example: assert.gt(#c:cluster_issuers().items, 0)
function Client:cluster_issuers()
  return K.collection(self, CLUSTER_ISSUER)
end

--- One issuer of the cluster.
--- Source: cert-manager API v1, ClusterIssuer
---@param name string
---@return table? issuer nil when absent
--- Raises "certmanager: GET PATH HTTP STATUS: BODY".
--- Example: assert.not_nil(c:cluster_issuer("letsencrypt").spec)
function Client:cluster_issuer(name)
  H.need("certmanager.cluster_issuer", "name", name)
  return K.object(self, CLUSTER_ISSUER, nil, name)
end

--- Whether an issuer of the cluster is ready; false when absent.
--- Source: cert-manager API v1, ClusterIssuer
---@param name string
---@return boolean
--- Raises as `cluster_issuer`.
--- Example: assert.eq(c:is_cluster_issuer_ready("letsencrypt"), true)
function Client:is_cluster_issuer_ready(name)
  H.need("certmanager.is_cluster_issuer_ready", "name", name)
  return K.is_true(K.object(self, CLUSTER_ISSUER, nil, name), "Ready")
end

--- Waits until an issuer of the cluster is ready.
--- Source: cert-manager API v1, ClusterIssuer
---@param name string
---@param timeout_secs number? seconds (60)
---@param opts { interval: number }? seconds between looks (5)
---@return true
--- Raises "certmanager: timeout waiting for cluster issuer NAME to be ready (last: …)".
--- Example: c:wait_cluster_issuer_ready("letsencrypt")
function Client:wait_cluster_issuer_ready(name, timeout_secs, opts)
  H.need("certmanager.wait_cluster_issuer_ready", "name", name)
  local title = "cluster issuer " .. name
  return wait_ready(self, "wait_cluster_issuer_ready", CLUSTER_ISSUER, nil, name, timeout_secs, opts, 60, title)
end

--- Counts the issuers of the cluster that are ready.
--- Source: cert-manager API v1, ClusterIssuer
---@return { ready: integer, not_ready: integer, total: integer, not_ready_names: string[], reasons: table<string, string> }
--- Raises as `cluster_issuers`.
--- Example: assert.eq(c:all_cluster_issuers_ready().not_ready, 0)
function Client:all_cluster_issuers_ready()
  return summary(K.collection(self, CLUSTER_ISSUER).items, { cluster = true })
end

-- --- requests --------------------------------------------------------------------------------------------------------

--- Certificate requests.
--- Source: cert-manager API v1, CertificateRequest
---@param namespace string? nil or "*": all
---@return { items: table[] } list
--- Raises "certmanager: LIST PATH HTTP STATUS: BODY".
--- Example: local requests = c:certificate_requests("shop").items
function Client:certificate_requests(namespace)
  return K.collection(self, REQUEST, namespace)
end

--- One certificate request.
--- Source: cert-manager API v1, CertificateRequest
---@param namespace string
---@param name string
---@return table? request nil when absent
--- Raises "certmanager: GET PATH HTTP STATUS: BODY".
--- Example: assert.not_nil(c:certificate_request("shop", "shop-tls-1").spec)
function Client:certificate_request(namespace, name)
  return one(self, "certificate_request", REQUEST, namespace, name)
end

--- Whether a request has been approved; false when absent or denied.
--- Source: cert-manager API v1, condition Approved
---@param namespace string
---@param name string
---@return boolean
--- Raises as `certificate_request`.
--- Example: assert.eq(c:is_request_approved("shop", "shop-tls-1"), true)
function Client:is_request_approved(namespace, name)
  local request = one(self, "is_request_approved", REQUEST, namespace, name)
  return K.is_true(request, "Approved") and not K.is_true(request, "Denied")
end

--- Whether a request has been denied; false when absent.
--- Source: cert-manager API v1, condition Denied
---@param namespace string
---@param name string
---@return boolean
--- Raises as `certificate_request`.
--- Example: assert.eq(c:is_request_denied("shop", "shop-tls-1"), false)
function Client:is_request_denied(namespace, name)
  return K.is_true(one(self, "is_request_denied", REQUEST, namespace, name), "Denied")
end

--- Whether a request has failed for good; false when absent.
--- Source: cert-manager API v1, condition Ready with reason Failed
---@param namespace string
---@param name string
---@return boolean
--- Raises as `certificate_request`.
--- Example: assert.eq(c:is_request_failed("shop", "shop-tls-1"), false)
function Client:is_request_failed(namespace, name)
  local condition = K.condition(one(self, "is_request_failed", REQUEST, namespace, name), "Ready")
  return condition ~= nil and condition.status == "False" and condition.reason == "Failed"
end

--- Approves a request. It needs the permission `approve` on the issuer's signer.
--- Source: cert-manager documentation, "CertificateRequest", approval
---@param namespace string
---@param name string
---@return table request
--- Raises "certmanager: certificate request NAMESPACE/NAME not found", "certmanager: PUT PATH HTTP STATUS: BODY".
--- Example: c:approve("shop", "shop-tls-1")
function Client:approve(namespace, name)
  H.need("certmanager.approve", "namespace", namespace, "name", name)
  local title = ("certificate request %s/%s"):format(namespace, name)
  return K.set_condition(self, REQUEST, namespace, name, title, {
    type = "Approved", status = "True", reason = "Assay", message = "approved by assay",
  })
end

-- --- ACME ------------------------------------------------------------------------------------------------------------

--- ACME orders.
--- Source: cert-manager ACME API v1, Order
---@param namespace string? nil or "*": all
---@return { items: table[] } list `status.state` is pending, ready, processing, valid, invalid, expired, errored or absent
--- Raises "certmanager: LIST PATH HTTP STATUS: BODY".
--- Example: local orders = c:orders("shop").items
function Client:orders(namespace)
  return K.collection(self, ORDER, namespace)
end

--- One ACME order.
--- Source: cert-manager ACME API v1, Order
---@param namespace string
---@param name string
---@return table? order nil when absent
--- Raises "certmanager: GET PATH HTTP STATUS: BODY".
--- Example: assert.eq(c:order("shop", "shop-tls-1-100").status.state, "valid")
function Client:order(namespace, name)
  return one(self, "order", ORDER, namespace, name)
end

--- ACME challenges; finished ones are deleted by cert-manager.
--- Source: cert-manager ACME API v1, Challenge
---@param namespace string? nil or "*": all
---@return { items: table[] } list `spec.dnsName`, `spec.type`, `status.state`, `reason`, `presented`, `processing`
--- Raises "certmanager: LIST PATH HTTP STATUS: BODY".
--- Example: for _, challenge in ipairs(c:challenges("shop").items) do log.info(challenge.spec.dnsName) end
function Client:challenges(namespace)
  return K.collection(self, CHALLENGE, namespace)
end

--- One ACME challenge.
--- Source: cert-manager ACME API v1, Challenge
---@param namespace string
---@param name string
---@return table? challenge nil when absent
--- Raises "certmanager: GET PATH HTTP STATUS: BODY".
--- Example: assert.eq(c:challenge("shop", "none"), nil)
function Client:challenge(namespace, name)
  return one(self, "challenge", CHALLENGE, namespace, name)
end

local function is_owned_by(object, owner)
  for _, reference in ipairs(object.metadata and object.metadata.ownerReferences or {}) do
    if reference.uid ~= nil and reference.uid == owner.metadata.uid then return true end
    if reference.name == owner.metadata.name and (reference.kind == owner.kind or owner.kind == nil) then return true end
  end
  return false
end

--- Of the objects that belong to `owner`, those from the newest on.
local function owned(items, owner, also)
  local out = {}
  for _, object in ipairs(items) do
    if is_owned_by(object, owner) or (also and also(object)) then out[#out + 1] = object end
  end
  table.sort(out, function(a, b)
    return (a.metadata.creationTimestamp or "") > (b.metadata.creationTimestamp or "")
  end)
  return out
end

--- Finds out where an issuance is stuck: the certificate, its newest request, the order and the challenges.
--- Source: cert-manager documentation, "Troubleshooting"
---@param namespace string
---@param name string
---@return { kind: string, name: string, state: string, reason: string?, message: string? }[] steps empty when absent
--- Raises "certmanager: GET PATH HTTP STATUS: BODY", "certmanager: LIST PATH HTTP STATUS: BODY".
--- Example: for _, step in ipairs(c:diagnose("shop", "shop-tls")) do log.info(step.kind .. " " .. step.state) end
function Client:diagnose(namespace, name)
  local certificate = one(self, "diagnose", CERTIFICATE, namespace, name)
  if not certificate then return {} end
  local out = {}
  local function add(kind, object, state, reason, message)
    out[#out + 1] = { kind = kind, name = object.metadata.name, state = state, reason = reason, message = message }
  end
  local function by_condition(kind, object)
    local condition = K.condition(object, "Ready") or {}
    add(kind, object, condition.status == "True" and "Ready" or "NotReady", condition.reason, condition.message)
  end
  by_condition("Certificate", certificate)
  local issuing = K.condition(certificate, "Issuing")
  if issuing and issuing.message then out[1].message = issuing.message end
  local request = owned(K.collection(self, REQUEST, namespace).items, certificate, function(object)
    local annotations = object.metadata.annotations or {}
    return annotations["cert-manager.io/certificate-name"] == name
  end)[1]
  if not request then return out end
  by_condition("CertificateRequest", request)
  local order = owned(K.collection(self, ORDER, namespace).items, request)[1]
  if not order then return out end
  add("Order", order, status_of(order).state or "new", nil, status_of(order).reason)
  for _, challenge in ipairs(owned(K.collection(self, CHALLENGE, namespace).items, order)) do
    add("Challenge", challenge, status_of(challenge).state or "new", challenge.spec and challenge.spec.dnsName,
      status_of(challenge).reason)
  end
  return out
end

--- Whether cert-manager's webhook answers: creates a Certificate that the server does not keep.
--- Source: Kubernetes API concepts, "Dry-run"; cert-manager documentation, "webhook"
---@param namespace string? where to try (the context's or the pod's own, else "default")
---@return boolean ready, string? message what the server said when it is not
--- Raises "certmanager: POST PATH HTTP STATUS: BODY" when the server refuses for another reason.
--- Example: assert.eq(c:webhook_ready(), true)
function Client:webhook_ready(namespace)
  namespace = namespace or K.default_namespace(self) or "default"
  local ok, message = pcall(K.create, self, CERTIFICATE, namespace, function(api_version)
    return {
      apiVersion = api_version,
      kind = "Certificate",
      metadata = { generateName = "assay-webhook-" },
      spec = { secretName = "assay-webhook", dnsNames = { "example.com" }, issuerRef = { name = "assay-webhook" } },
    }
  end, { { "dryRun", "All" } })
  if ok then return true end
  local parts = H.error(message)
  if parts and (parts.status == nil or parts.status >= 500) then return false, parts.body end
  error(message, 0)
end

return M
