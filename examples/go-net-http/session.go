package main

import (
	"context"
	"net/http"
	"strings"
)

// Session holds the claims of a verified token. Token and Claims must not be logged.
type Session struct {
	UserID   string
	TenantID string
	Handle   string
	AppID    string
	Scopes   []string
	Claims   map[string]any
	Token    string
}

type sessionKey struct{}

// SessionFrom returns the session of a request that passed RequireSession. It panics for any other
// request, because a handler must not run without its guard.
func SessionFrom(ctx context.Context) Session { return ctx.Value(sessionKey{}).(Session) }

// RequireSession calls next when the request's token is valid and has all the scopes.
func (v *Verifier) RequireSession(next http.Handler, scopes ...string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		session, err := v.Authenticate(r, scopes...)
		if err != nil {
			writeProblem(w, err, scopes)
			return
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), sessionKey{}, session)))
	})
}

// Authenticate returns the session of a request. It does not check revocations: a token of a
// revoked session stays valid until it expires, within 60 seconds.
func (v *Verifier) Authenticate(r *http.Request, scopes ...string) (Session, error) {
	token, err := bearerToken(r.Header.Values("Authorization"))
	if err != nil {
		return Session{}, err
	}
	session, err := v.Verify(token)
	if err != nil {
		return Session{}, err
	}
	for _, origin := range r.Header.Values("Origin") {
		if origin != session.Claims["azp"] {
			return Session{}, refused("azp-mismatch")
		}
	}
	for _, tenant := range r.Header.Values("X-Tenant-ID") {
		if tenant != session.TenantID {
			return Session{}, refused("tenant-mismatch")
		}
	}
	for _, scope := range scopes {
		if !contains(session.Scopes, scope) {
			return Session{}, refused("scope-missing")
		}
	}
	return session, nil
}

func bearerToken(credentials []string) (string, error) {
	if len(credentials) == 0 {
		return "", refused("token-missing")
	}
	// A proxy may have joined two headers with a comma, which no credential of ours contains.
	if len(credentials) > 1 || strings.Contains(credentials[0], ",") {
		return "", refused("duplicate-credentials")
	}
	scheme, token, _ := strings.Cut(credentials[0], " ")
	if !strings.EqualFold(scheme, "Bearer") || token == "" {
		return "", refused("token-missing")
	}
	return strings.TrimLeft(token, " "), nil
}

func contains(list []string, wanted string) bool {
	for _, entry := range list {
		if entry == wanted {
			return true
		}
	}
	return false
}
