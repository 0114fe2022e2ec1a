--- The functions of `assay.k8s` as methods of clients: the client takes the place of the options. Internal: a part of
--- `assay.k8s`.
local H = require("assay._http")

--- The position of the options among the arguments of each function, for clients.
local OPTIONS = {
  contexts = 1, get = 2, post = 3, put = 3, patch = 3, delete = 2, get_resource = 4, list = 3, create = 4, update = 5,
  patch_resource = 5, delete_resource = 4, exists = 4, get_secret = 3, get_configmap = 3, list_pods = 2,
  list_events = 2, events_for = 4, pod_status = 2, service_endpoints = 3, node_status = 1, namespace_exists = 2,
  logs = 3, exec = 4, is_ready = 4, wait_ready = 5, rollout_status = 3, wait_rollout = 4, wait_for = 6, scale = 5,
  restart = 4, can_i = 3, version = 1, healthz = 2, watch = 4, run_job = 4, apply = 2,
}

local B = {}

--- Adds the methods.
---@param M table the module
---@param methods table gets the methods by name
function B.add(M, methods)
  for name, position in pairs(OPTIONS) do
    methods[name] = function(c, ...)
      local arguments = table.pack(...)
      local given = arguments[position]
      if given == nil and type(arguments[position - 1]) == "table" and name:find("^wait_") and position > arguments.n then
        -- The time-out was left out.
        given, arguments[position - 1] = arguments[position - 1], nil
      end
      arguments[position] = given and H.with(c, given) or c
      return M[name](table.unpack(arguments, 1, math.max(position, arguments.n)))
    end
  end
  for _, name in ipairs({ "annotate", "label" }) do
    methods[name] = function(c, namespace, kind, of, values, value, opts)
      if type(values) == "table" then return M[name](namespace, kind, of, values, value and H.with(c, value) or c) end
      return M[name](namespace, kind, of, values, value, opts and H.with(c, opts) or c)
    end
  end
  for _, name in ipairs({ "register_crd", "use_context", "_resource_path", "_list_path" }) do
    methods[name] = function(_, ...)
      return M[name](...)
    end
  end
end

return B
