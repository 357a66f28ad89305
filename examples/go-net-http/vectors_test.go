package main

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"
)

// tokenVectors is docs/vectors/tokens.json, which the verifiers of all languages share.
type tokenVectors struct {
	Issuer     string
	Audience   string
	NowSeconds int64
	JWKS       json.RawMessage
	Cases      []tokenCase
}

type tokenCase struct {
	Name       string
	Token      string
	Algorithms []string
	Request    *struct {
		Origin   string
		TenantID string
		Scopes   []string
	}
	Session struct {
		UserID   string
		TenantID string
		Handle   string
		AppID    string
		Scopes   []string
	}
	Reason string
}

// readVectors reads a file of docs/vectors into vectors.
func readVectors(t *testing.T, name string, vectors any) {
	t.Helper()
	data, err := os.ReadFile("../../docs/vectors/" + name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, vectors); err != nil {
		t.Fatal(err)
	}
}

func TestJudgesTheTokenVectors(t *testing.T) {
	var vectors tokenVectors
	readVectors(t, "tokens", &vectors)
	issuer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Write(vectors.JWKS)
	}))
	defer issuer.Close()
	verifier, err := NewVerifier(VerifierConfig{
		Issuer:   vectors.Issuer,
		Audience: vectors.Audience,
		JWKSURL:  issuer.URL,
	})
	if err != nil {
		t.Fatal(err)
	}
	verifier.clock = func() time.Time { return time.Unix(vectors.NowSeconds, 0) }

	for _, c := range vectors.Cases {
		// The others are for verifiers that accept ES256 too.
		if c.Algorithms != nil {
			continue
		}
		t.Run(c.Name, func(t *testing.T) {
			session, err := judge(verifier, c)
			var reason refused
			errors.As(err, &reason)
			if string(reason) != c.Reason {
				t.Fatalf("got %q, want %q", reason, c.Reason)
			}
			if c.Reason == "" {
				expectSession(t, session, c)
			}
		})
	}
}

// judge verifies the token alone, or as the credential of a request if the case has one.
func judge(verifier *Verifier, c tokenCase) (Session, error) {
	if c.Request == nil {
		return verifier.Verify(c.Token)
	}
	request := httptest.NewRequest(http.MethodGet, "/", nil)
	request.Header.Set("Authorization", "Bearer "+c.Token)
	if c.Request.Origin != "" {
		request.Header.Set("Origin", c.Request.Origin)
	}
	if c.Request.TenantID != "" {
		request.Header.Set("X-Tenant-ID", c.Request.TenantID)
	}
	return verifier.Authenticate(request, c.Request.Scopes...)
}

func expectSession(t *testing.T, got Session, c tokenCase) {
	t.Helper()
	want := c.Session
	isSame := got.UserID == want.UserID && got.TenantID == want.TenantID &&
		got.Handle == want.Handle && got.AppID == want.AppID
	if !isSame || len(got.Scopes) != len(want.Scopes) {
		t.Fatalf("got %v, want %v", got, want)
	}
	if len(want.Scopes) > 0 && !reflect.DeepEqual(got.Scopes, want.Scopes) {
		t.Fatalf("got scopes %v, want %v", got.Scopes, want.Scopes)
	}
}

func TestAnswersAsTheProblemVectors(t *testing.T) {
	var vectors struct {
		Cases []struct {
			Name    string
			Status  int
			Headers map[string]string
			Body    problem
		}
	}
	readVectors(t, "problems", &vectors)
	found := 0
	for _, c := range vectors.Cases {
		// Other names have a condition, such as scopes or a proof; other reasons are not of this verifier.
		if _, isKnown := problems[refused(c.Name)]; !isKnown {
			continue
		}
		found++
		t.Run(c.Name, func(t *testing.T) {
			answer := httptest.NewRecorder()
			writeProblem(answer, refused(c.Name), nil)
			expectProblem(t, answer, c.Status, c.Headers, c.Body)
		})
	}
	if found != len(problems) {
		t.Fatalf("%d problems have a vector, want %d", found, len(problems))
	}
}

func expectProblem(t *testing.T, got *httptest.ResponseRecorder, status int, headers map[string]string, body problem) {
	t.Helper()
	if got.Code != status {
		t.Fatalf("got status %d, want %d", got.Code, status)
	}
	for name, value := range headers {
		// A reason that needs scopes lists them, and there are none here.
		if actual := strings.Replace(got.Header().Get(name), `, scope=""`, "", 1); actual != value {
			t.Fatalf("%s: got %q, want %q", name, actual, value)
		}
	}
	var actual problem
	if err := json.Unmarshal(got.Body.Bytes(), &actual); err != nil {
		t.Fatal(err)
	}
	actual.RequestID = body.RequestID
	if actual != body {
		t.Fatalf("got %v, want %v", actual, body)
	}
}
