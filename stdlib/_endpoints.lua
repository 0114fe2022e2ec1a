--- The addresses behind a Kubernetes service. Internal: a part of `assay.k8s`.
--- Source: Kubernetes API reference, Endpoints v1, EndpointSlice v1
local H = require("assay._http")
local K = require("assay._kubernetes")

local M = {}

--- The addresses that are ready to answer.
---@param c table
---@param path string of the Endpoints object
---@param namespace string
---@param name string the service
---@return string[]
function M.addresses(c, path, namespace, name)
  local out, seen = {}, {}
  local function add(address)
    if address and not seen[address] then
      seen[address] = true
      out[#out + 1] = address
    end
  end
  local endpoints, response = H.get(c, path, { fn = "get", ok = { 200, 404 }, needed = true })
  local metadata = response.status == 200 and endpoints.metadata
  local annotations = type(metadata) == "table" and metadata.annotations or {}
  if response.status == 200 and annotations["endpoints.kubernetes.io/over-capacity"] ~= "truncated" then
    for _, subset in ipairs(endpoints.subsets or {}) do
      for _, address in ipairs(subset.addresses or {}) do add(address.ip) end
    end
    return out
  end
  local slices_path = K.path("/apis/discovery.k8s.io/v1", "endpointslices", namespace)
  local query = { { "labelSelector", "kubernetes.io/service-name=" .. name } }
  local slices, slices_response = H.get(c, slices_path, { fn = "get", query = query, ok = { 200, 404 } })
  local items = slices_response.status == 200 and slices.items or {}
  if response.status == 404 and #items == 0 then error(H.fail(c, "GET", path, response, { fn = "get" }), 0) end
  for _, slice in ipairs(items) do
    for _, endpoint in ipairs(slice.endpoints or {}) do
      -- A condition that is absent means ready.
      if not endpoint.conditions or endpoint.conditions.ready ~= false then
        for _, address in ipairs(endpoint.addresses or {}) do add(address) end
      end
    end
  end
  return out
end

return M
