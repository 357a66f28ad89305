package main

import (
	"context"
	"net/http"
	"strings"
)

// Session is what a verified token says. Token and Claims must not be logged.
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

// SessionFrom gives the session of a request that came through RequireSession, and panics for
// another: a handler without its guard must not run.
func SessionFrom(ctx context.Context) Session { return ctx.Value(sessionKey{}).(Session) }

// RequireSession lets a request through to next when its token is good and has all the scopes.
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

// Authenticate gives the session of a request. It does not know whether the session was revoked: a
// token outlives that by its 60 seconds.
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
