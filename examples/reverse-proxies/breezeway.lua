-- Lets HAProxy ask the gateway about each request (`http-request lua.breezeway`): the gateway
-- verifies, authorises and follows revocations, HAProxy proxies. Loaded by haproxy-authz.cfg.
--
-- When the gateway allows the request, its answer sets the identity headers. A refusal is returned
-- with the gateway's status and body. When the gateway does not answer, the request is refused.

local GATEWAYS = {
  "http://127.0.0.1:4001/authz",
  --"http://127.0.0.1:4002/authz",
}
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

-- <header rules of the gateway, written by scripts/docs/reverse-proxies.ts>
local names = {
  "access-token", "base-url", "forwarded", "front-end-https", "id-token",
  "jwt", "on-behalf-of", "path-info", "proxy", "script-name", "tenant",
  "tenantid", "user", "userid", "username", "x-access-token",
  "x-amzn-request-context", "x-auth", "x-client-verify", "x-forwarded",
  "x-http-destinationurl", "x-http-method", "x-http-method-override",
  "x-id-token", "x-ip", "x-method-override", "x-org", "x-original-method",
  "x-original-uri", "x-original-url", "x-path-info", "x-rewrite-url",
  "x-scheme", "x-script-name", "x-uid",
}
local prefixes = {
  "x-breezeway-", "auth-", "authelia-", "cf-access-", "cf-connecting-",
  "client-cert", "client-ip", "forwarded-", "iv-", "l5d-", "oauth-",
  "oidc-", "remote-", "shib-", "sm-", "ssl-", "tenant-", "tls-",
  "x-account", "x-admin", "x-amzn-lambda-", "x-amzn-mtls-", "x-amzn-oidc-",
  "x-anonymous-", "x-apigateway-", "x-appengine-", "x-arr-", "x-auth-",
  "x-authelia-", "x-authenticated", "x-authentik-", "x-authorization",
  "x-azure-", "x-backend-", "x-consumer", "x-credential", "x-endpoint-api-",
  "x-envoy-", "x-forwarded-", "x-goog-authenticated-", "x-goog-iap-",
  "x-host", "x-http-method", "x-identity-", "x-jwt", "x-ms-client-",
  "x-ms-token-", "x-nf-", "x-oauth", "x-oidc", "x-org-", "x-organisation",
  "x-organization", "x-original-", "x-originating-", "x-pomerium-",
  "x-proxy", "x-real-", "x-remote-", "x-rewrite-", "x-saml",
  "x-serverless-", "x-shib", "x-spiffe", "x-ssl", "x-sso", "x-tenant",
  "x-tls-", "x-user-", "x-vercel-", "x-vouch-", "x-webauth-",
}
local suffixes = {
  "-access-token", "-actor", "-addr", "-assertion", "-base-url", "-claims",
  "-clientcert", "-clientip", "-dn", "-email", "-group", "-groups",
  "-id-token", "-identity", "-ip", "-ips", "-ipv6", "-jwt", "-login",
  "-on-behalf-of", "-org-id", "-orgid", "-override", "-permissions",
  "-principal", "-role", "-roles", "-scope", "-scopes", "-socketip",
  "-subject", "-tenant", "-tenantid", "-url-scheme", "-user", "-user-id",
  "-user-info", "-user-key", "-user-name", "-userid", "-userinfo",
  "-username",
}
local parts = {
  "-claim-", "-client-cert", "-forwarded-", "-jwt-", "-principal-",
  "-tenant-", "impersonate",
}
local spared = {
  "sec-fetch-user", "x-user-agent",
}
local is_removed, is_spared = { ["x-tenant-id"] = true }, {}
for _, name in ipairs(names) do is_removed[name] = true end
for _, name in ipairs(spared) do is_spared[name] = true end
local function is_claim(name)
  local lower = name:lower()
  -- Envoy lists method and path among the headers.
  if is_spared[lower] or lower:sub(1, 1) == ":" then return false end
  local as_cgi_reads_it = lower:gsub("[^a-z0-9]", "-")
  if is_removed[as_cgi_reads_it] then return true end
  for _, prefix in ipairs(prefixes) do
    if as_cgi_reads_it:sub(1, #prefix) == prefix then return true end
  end
  for _, suffix in ipairs(suffixes) do
    if as_cgi_reads_it:sub(-#suffix) == suffix then return true end
  end
  for _, part in ipairs(parts) do
    if as_cgi_reads_it:find(part, 1, true) then return true end
  end
  return false
end
-- </header rules>

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

-- Asks one gateway after the other until one answers. The next request begins with that one.
local first = 1
local function ask(txn)
  local headers = question(txn)
  for turn = 0, #GATEWAYS - 1 do
    local index = (first - 1 + turn) % #GATEWAYS + 1
    local ok, answer = pcall(function()
      return core.httpclient():get({
        url = GATEWAYS[index], headers = headers, timeout = TIMEOUT_MS,
      })
    end)
    -- HAProxy itself answers 503 for a gateway that it cannot reach.
    if ok and answer ~= nil and (answer.headers or {})["x-breezeway-request-id"] ~= nil then
      first = index
      return answer
    end
  end
end

core.register_action("breezeway", { "http-req" }, function(txn)
  local answer = ask(txn)
  if answer == nil then
    return refuse(txn, 503, {
      ["content-type"] = { "application/problem+json" },
      ["retry-after"] = { "1" },
    }, '{"status":503,"reason":"overloaded","action":"wait"}')
  end
  local headers = answer.headers or {}
  if answer.status == 200 then
    local claims = {}
    for name in pairs(txn.http:req_get_headers()) do
      if is_claim(name) then claims[#claims + 1] = name end
    end
    for _, name in ipairs(claims) do txn.http:req_del_header(name) end
    for _, name in ipairs(IDENTITY) do
      txn.http:req_set_header(name, values(headers, name)[1] or "")
    end
    return
  end
  local refusal = {}
  for _, name in ipairs(REFUSAL_HEADERS) do refusal[name] = values(headers, name) end
  refuse(txn, answer.status, refusal, answer.body or "")
end)
