package main

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// refused is the reason why a request has no session.
type refused string

func (r refused) Error() string { return string(r) }

type problem struct {
	Type      string `json:"type"`
	Title     string `json:"title"`
	Status    int    `json:"status"`
	Reason    string `json:"reason"`
	Action    string `json:"action"`
	RequestID string `json:"requestId"`
}

var problems = map[refused]problem{
	"token-missing":         {Status: 401, Action: "login", Title: "The request carries no session token."},
	"token-malformed":       {Status: 401, Action: "refresh", Title: "The session token is malformed. It must be a compact JWS in canonical form with the required claims."},
	"token-signature":       {Status: 401, Action: "refresh", Title: "The signature of the session token is invalid."},
	"key-unknown":           {Status: 401, Action: "refresh", Title: "The session token names a signing key that the issuer does not publish."},
	"token-expired":         {Status: 401, Action: "refresh", Title: "The session token has expired."},
	"token-alg":             {Status: 401, Action: "none", Title: "The session token is signed with an algorithm that is not allowed here."},
	"issuer-mismatch":       {Status: 401, Action: "none", Title: "The session token comes from another issuer."},
	"audience-mismatch":     {Status: 401, Action: "none", Title: "The session token was minted for another app."},
	"azp-mismatch":          {Status: 401, Action: "none", Title: "The session token was minted for another origin."},
	"token-not-yet":         {Status: 401, Action: "wait", Title: "The session token is not valid yet. Check the clocks of issuer and verifier."},
	"iat-future":            {Status: 401, Action: "wait", Title: "The session token was issued in the future. Check the clocks of issuer and verifier."},
	"proof-invalid":         {Status: 401, Action: "refresh", Title: "The session token requires a proof of possession (DPoP), and the request has no valid one."},
	"tenant-mismatch":       {Status: 403, Action: "none", Title: "The X-Tenant-ID header does not match the tenant of the session token."},
	"scope-missing":         {Status: 403, Action: "none", Title: "The session token lacks a scope that this route requires."},
	"duplicate-credentials": {Status: 400, Action: "none", Title: "The request carries more than one credential."},
	"keys-unavailable":      {Status: 503, Action: "wait", Title: "The issuer's public keys cannot be fetched."},
	"internal-error":        {Status: 500, Action: "none", Title: "The server failed. Its log has the request id."},
}

// writeProblem answers with problem+json (RFC 9457) and the challenge of RFC 6750, section 3.
func writeProblem(w http.ResponseWriter, err error, scopes []string) {
	reason := refused("internal-error")
	errors.As(err, &reason)
	body := problems[reason]
	body.Type = "https://breezeway.dev/errors#" + string(reason)
	body.Reason = string(reason)
	body.RequestID = newRequestID()

	header := w.Header()
	header.Set("Content-Type", "application/problem+json")
	header.Set("Cache-Control", "no-store")
	switch {
	case reason == "token-missing":
		header.Set("WWW-Authenticate", "Bearer")
	case body.Status == http.StatusUnauthorized:
		header.Set("WWW-Authenticate", fmt.Sprintf(`Bearer error="invalid_token", error_description="%s"`, reason))
	case body.Status == http.StatusForbidden:
		challenge := fmt.Sprintf(`Bearer error="insufficient_scope", error_description="%s"`, reason)
		if reason == "scope-missing" {
			challenge += fmt.Sprintf(`, scope="%s"`, strings.Join(scopes, " "))
		}
		header.Set("WWW-Authenticate", challenge)
	case body.Status == http.StatusServiceUnavailable:
		header.Set("Retry-After", "1")
	}
	w.WriteHeader(body.Status)
	json.NewEncoder(w).Encode(body)
}

func newRequestID() string {
	id := make([]byte, 16)
	if _, err := rand.Read(id); err != nil {
		panic(err)
	}
	return hex.EncodeToString(id)
}
