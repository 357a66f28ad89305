package main

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// issuer answers with its keys, or with 503 when it has no keys.
type issuer struct {
	*httptest.Server
	mu   sync.Mutex
	jwks []map[string]string
	hits int32
}

func publicJWK(t *testing.T, kid string) map[string]string {
	public, _, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	x := base64.RawURLEncoding.EncodeToString(public)
	return map[string]string{"kty": "OKP", "crv": "Ed25519", "kid": kid, "x": x}
}

func (i *issuer) publish(jwks ...map[string]string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.jwks = jwks
}

// newTestKeys returns a key set with a clock that only the test moves.
func newTestKeys(t *testing.T) (*issuer, *keySet, *time.Duration) {
	log.SetOutput(io.Discard)
	i := &issuer{}
	i.publish(publicJWK(t, "old"))
	i.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		atomic.AddInt32(&i.hits, 1)
		i.mu.Lock()
		defer i.mu.Unlock()
		if len(i.jwks) == 0 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		json.NewEncoder(w).Encode(map[string]any{"keys": i.jwks})
	}))
	t.Cleanup(i.Close)
	keys, err := newKeySet(i.URL)
	if err != nil {
		t.Fatal(err)
	}
	start, elapsed := time.Now(), new(time.Duration)
	keys.clock = func() time.Time { return start.Add(*elapsed) }
	return i, keys, elapsed
}

func expect(t *testing.T, keys *keySet, kid string, reason string) {
	t.Helper()
	_, err := keys.find(kid)
	switch {
	case reason == "" && err != nil:
		t.Fatalf("%s: %v", kid, err)
	case reason != "" && err != refused(reason):
		t.Fatalf("%s: got %v, want %s", kid, err, reason)
	}
}

func expectHits(t *testing.T, i *issuer, want int32) {
	t.Helper()
	if got := atomic.LoadInt32(&i.hits); got != want {
		t.Fatalf("%d requests for keys, want %d", got, want)
	}
}

func TestUsesKeysFor300SecondsWithoutAskingAgain(t *testing.T) {
	i, keys, elapsed := newTestKeys(t)
	expect(t, keys, "old", "")
	*elapsed = 299 * time.Second
	expect(t, keys, "old", "")
	expectHits(t, i, 1)
	*elapsed = 300 * time.Second
	expect(t, keys, "old", "")
	expectHits(t, i, 2)
}

func TestFindsANewKeyAsSoonAsItMayAskAgain(t *testing.T) {
	i, keys, elapsed := newTestKeys(t)
	expect(t, keys, "old", "")
	i.publish(publicJWK(t, "old"), publicJWK(t, "new"))
	*elapsed = 4 * time.Second
	expect(t, keys, "new", "key-unknown")
	*elapsed = 5 * time.Second
	expect(t, keys, "new", "")
	expectHits(t, i, 2)
}

func TestDropsAKeyThatIsNoLongerPublished(t *testing.T) {
	i, keys, elapsed := newTestKeys(t)
	expect(t, keys, "old", "")
	i.publish(publicJWK(t, "new"))
	*elapsed = 300 * time.Second
	expect(t, keys, "old", "key-unknown")
}

func TestKeepsItsKeysFor3600SecondsOfAnOutage(t *testing.T) {
	i, keys, elapsed := newTestKeys(t)
	expect(t, keys, "old", "")
	i.publish()
	for _, seconds := range []time.Duration{300, 301, 3_599} {
		*elapsed = seconds * time.Second
		expect(t, keys, "old", "")
	}
	expect(t, keys, "new", "keys-unavailable")
	*elapsed = 3_600 * time.Second
	expect(t, keys, "old", "keys-unavailable")
}

func TestComesBackAfterAnOutage(t *testing.T) {
	i, keys, elapsed := newTestKeys(t)
	i.publish()
	expect(t, keys, "old", "keys-unavailable")
	i.publish(publicJWK(t, "old"))
	expect(t, keys, "old", "keys-unavailable")
	*elapsed = 5 * time.Second
	expect(t, keys, "old", "")
}

func TestAsksOnceForRequestsThatComeTogether(t *testing.T) {
	i, keys, _ := newTestKeys(t)
	var group sync.WaitGroup
	for n := 0; n < 8; n++ {
		group.Add(1)
		go func() {
			defer group.Done()
			if _, err := keys.find("old"); err != nil {
				t.Error(err)
			}
		}()
	}
	group.Wait()
	expectHits(t, i, 1)
}

func TestLetsNobodyWaitWhoHasAKey(t *testing.T) {
	_, keys, elapsed := newTestKeys(t)
	expect(t, keys, "old", "")
	*elapsed = 300 * time.Second
	keys.fetching.Lock() // As while another request fetches.
	defer keys.fetching.Unlock()
	found := make(chan error, 1)
	go func() {
		_, err := keys.find("old")
		found <- err
	}()
	select {
	case err := <-found:
		if err != nil {
			t.Fatal(err)
		}
	case <-time.After(5 * time.Second):
		t.Fatal("find waited for another request's fetch")
	}
}

func TestRefusesPlainHTTPBeyondLoopback(t *testing.T) {
	for _, address := range []string{"http://issuer.example/jwks.json", "file:///etc/keys.json", ""} {
		if _, err := newKeySet(address); err == nil {
			t.Errorf("%q was accepted", address)
		}
	}
}
