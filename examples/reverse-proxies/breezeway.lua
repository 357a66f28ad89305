-- Lets HAProxy ask the gateway about each request (`http-request lua.breezeway`): the gateway
-- verifies, authorises and follows revocations, HAProxy proxies. Loaded by haproxy-authz.cfg.
--
-- When the gateway allows the request, its answer sets the identity headers. A refusal is returned
-- with the gateway's status and body. When the gateway does not answer, the request is refused.

local AUTHZ = "http://127.0.0.1:4001/authz"
local TIMEOUT_MS = 2000

local IDENTITY = {
  "x-breezeway-user", "x-breezeway-tenant", "x-breezeway-app", "x-breezeway-session",
  "x-breezeway-scope", "x-breezeway-request-id", "x-tenant-id",
}
-- The headers on which the decision depends, with every copy: the gateway refuses duplicates.
local ASKED = { "authorization", "proxy-authorization", "dpop", "origin", "x-tenant-id" }
-- The headers of a refusal that the client receives.
local REFUSAL_HEADERS = {
  "content-type", "www-authenticate", "retry-after", "allow", "vary", "cache-control",
  "x-breezeway-request-id", "x-content-type-options",
  "access-control-allow-origin", "access-control-allow-credentials", "access-control-expose-headers",
}

-- HAProxy counts the values of a header from 0.
local function values(headers, name)
  local list, header = {}, headers[name]
  local index = 0
  while header ~= nil and header[index] ~= nil do
    list[#list + 1] = header[index]
    index = index + 1
  end
  return list
end

local function question(txn)
  local from = txn.http:req_get_headers()
  local headers = {}
  for _, name in ipairs(ASKED) do
    local list = values(from, name)
    if #list > 0 then headers[name] = list end
  end
  headers["x-forwarded-method"] = { txn.sf:method() }
  headers["x-forwarded-uri"] = { txn.sf:pathq() }
  headers["x-forwarded-for"] = { txn.sf:src() }
  return headers
end

local function refuse(txn, status, headers, body)
  local reply = txn:reply()
  reply:set_status(status)
  for name, list in pairs(headers) do
    for _, value in ipairs(list) do reply:add_header(name, value) end
  end
  reply:set_body(body)
  txn:done(reply)
end

core.register_action("breezeway", { "http-req" }, function(txn)
  local ok, answer = pcall(function()
    return core.httpclient():get({ url = AUTHZ, headers = question(txn), timeout = TIMEOUT_MS })
  end)
  if not ok or answer == nil or answer.status == nil or answer.status == 0 then
    return refuse(txn, 503, {
      ["content-type"] = { "application/problem+json" },
      ["retry-after"] = { "1" },
    }, '{"status":503,"reason":"overloaded","action":"wait"}')
  end
  local headers = answer.headers or {}
  if answer.status == 200 then
    for _, name in ipairs(IDENTITY) do
      txn.http:req_set_header(name, values(headers, name)[1] or "")
    end
    return
  end
  local refusal = {}
  for _, name in ipairs(REFUSAL_HEADERS) do refusal[name] = values(headers, name) end
  refuse(txn, answer.status, refusal, answer.body or "")
end)
