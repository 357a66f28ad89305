package main

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/url"
	"sync"
	"time"
)

const (
	keysMaxAge   = 300 * time.Second
	keysMaxStale = 3_600 * time.Second
	keysCooldown = 5 * time.Second
	keysTimeout  = 5 * time.Second
	keysMaxBytes = 65_536
)

// keySet caches the issuer's public keys. One request at a time fetches them, at most once in
// keysCooldown, because a stranger can send any key id. The keys stay valid during an outage.
type keySet struct {
	url    string
	client *http.Client
	clock  func() time.Time

	fetching sync.Mutex // held during a fetch

	mu          sync.RWMutex // guards what follows
	keys        map[string]ed25519.PublicKey
	fetchedAt   time.Time
	attemptedAt time.Time
	failed      bool
}

func newKeySet(address string) (*keySet, error) {
	parsed, err := url.Parse(address)
	if err != nil {
		return nil, errors.New("the JWKS URL is not a URL")
	}
	host := parsed.Hostname()
	isLoopback := host == "localhost" || host == "127.0.0.1" || host == "::1"
	if parsed.Scheme != "https" && !(parsed.Scheme == "http" && isLoopback) {
		return nil, errors.New("the JWKS URL must be https; http only on loopback")
	}
	client := &http.Client{
		Timeout: keysTimeout,
		// Following a redirect would let an attacker who controls one URL of the issuer choose its keys.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return &keySet{url: address, client: client, clock: time.Now}, nil
}

func (s *keySet) find(kid string) (ed25519.PublicKey, error) {
	if key := s.known(kid, keysMaxAge); key != nil {
		return key, nil
	}
	stale := s.known(kid, keysMaxStale)
	if stale == nil {
		s.fetching.Lock()
	} else if !s.fetching.TryLock() {
		return stale, nil // Another request is fetching; nobody waits who has a key.
	}
	s.refresh()
	s.fetching.Unlock()

	maxAge := keysMaxAge
	s.mu.RLock()
	failed := s.failed
	s.mu.RUnlock()
	if failed {
		maxAge = keysMaxStale
	}
	if key := s.known(kid, maxAge); key != nil {
		return key, nil
	}
	if failed {
		// During an outage it is unknown whether the issuer has published this key.
		return nil, refused("keys-unavailable")
	}
	return nil, refused("key-unknown")
}

func (s *keySet) known(kid string, maxAge time.Duration) ed25519.PublicKey {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.clock().Sub(s.fetchedAt) >= maxAge {
		return nil
	}
	return s.keys[kid]
}

func (s *keySet) refresh() {
	s.mu.RLock()
	attemptedAt := s.attemptedAt
	s.mu.RUnlock()
	if s.clock().Sub(attemptedAt) < keysCooldown {
		return
	}
	keys, err := s.download()
	if err != nil {
		log.Printf("no keys from the issuer: %v", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.attemptedAt = s.clock()
	s.failed = err != nil
	if err == nil {
		s.keys, s.fetchedAt = keys, s.attemptedAt
	}
}

// The fetch uses no request's context: a caller that disconnects must not fail it for the others.
func (s *keySet) download() (map[string]ed25519.PublicKey, error) {
	response, err := s.client.Get(s.url)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the JWKS endpoint answered with status %d", response.StatusCode)
	}
	body, err := io.ReadAll(http.MaxBytesReader(nil, response.Body, keysMaxBytes))
	if err != nil {
		return nil, err
	}
	return parseKeys(body)
}

func parseKeys(body []byte) (map[string]ed25519.PublicKey, error) {
	set, err := strictObject(body)
	if err != nil {
		return nil, err
	}
	list, _ := set["keys"].([]any)
	keys := map[string]ed25519.PublicKey{}
	for _, entry := range list {
		jwk, ok := entry.(map[string]any)
		if !ok {
			return nil, errors.New("an entry of the key set is not an object")
		}
		if _, isPrivate := jwk["d"]; isPrivate {
			return nil, errors.New("the issuer publishes a private key")
		}
		isEd25519 := jwk["kty"] == "OKP" && jwk["crv"] == "Ed25519"
		isForUse := jwk["use"] == nil || jwk["use"] == "sig"
		isForAlg := jwk["alg"] == nil || jwk["alg"] == "EdDSA"
		if !isEd25519 || !isForUse || !isForAlg {
			continue
		}
		kid, _ := jwk["kid"].(string)
		text, _ := jwk["x"].(string)
		x, err := decodeSegment(text)
		if err != nil || kid == "" || len(x) != ed25519.PublicKeySize {
			return nil, errors.New("an Ed25519 key of the key set is malformed")
		}
		keys[kid] = ed25519.PublicKey(x)
	}
	if len(keys) == 0 {
		return nil, errors.New("the key set has no Ed25519 key")
	}
	return keys, nil
}
