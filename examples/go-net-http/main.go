// A guest app's backend on net/http. See docs/guides/verify-go.md.
package main

import (
	"encoding/json"
	"log"
	"net/http"
	"os"
	"time"
)

func main() {
	verifier, err := NewVerifier(VerifierConfig{
		Issuer:   os.Getenv("BREEZEWAY_ISSUER"),
		Audience: os.Getenv("BREEZEWAY_APP_ID"),
		JWKSURL:  os.Getenv("BREEZEWAY_JWKS_URL"),
	})
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/orders", verifier.RequireSession(http.HandlerFunc(orders), "orders:read"))
	mux.Handle("/getJWT", verifier.RequireSession(http.HandlerFunc(getJWT)))
	server := &http.Server{
		Addr:              "127.0.0.1:" + os.Getenv("PORT"),
		Handler:           mux,
		ReadHeaderTimeout: 10 * time.Second,
	}
	log.Fatal(server.ListenAndServe())
}

func orders(w http.ResponseWriter, r *http.Request) {
	session := SessionFrom(r.Context())
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(map[string]any{
		"userId":   session.UserID,
		"tenantId": session.TenantID,
		"handle":   session.Handle,
		"scopes":   session.Scopes,
	})
}

func getJWT(w http.ResponseWriter, r *http.Request) {
	session := SessionFrom(r.Context())
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(map[string]any{"token": session.Token})
}
