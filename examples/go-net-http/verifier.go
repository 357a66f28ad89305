package main

import (
	"errors"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v4"
)

const (
	maxTokenBytes    = 8_192
	maxHeaderBytes   = 1_024
	maxKidBytes      = 256
	maxLifeSeconds   = 300
	clockSkewSeconds = 5
	maxSafeInteger   = 1<<53 - 1
)

// VerifierConfig has no defaults: a verifier that does not know its issuer and its audience would
// accept anybody's tokens.
type VerifierConfig struct {
	Issuer   string // compared byte for byte with iss
	Audience string // your app's id
	JWKSURL  string // the issuer's /.well-known/jwks.json
}

// Verifier verifies session tokens. Safe for concurrent use.
type Verifier struct {
	config VerifierConfig
	keys   *keySet
	parser *jwt.Parser
	clock  func() time.Time
}

func NewVerifier(config VerifierConfig) (*Verifier, error) {
	if config.Issuer == "" || config.Audience == "" {
		return nil, errors.New("issuer and audience are required")
	}
	keys, err := newKeySet(config.JWKSURL)
	if err != nil {
		return nil, err
	}
	// The library's own check of claims knows no clock skew and takes missing claims for good ones
	// (v4), so it decides algorithm and signature, and checkClaims the rest.
	parser := jwt.NewParser(jwt.WithValidMethods([]string{"EdDSA"}), jwt.WithoutClaimsValidation())
	return &Verifier{config: config, keys: keys, parser: parser, clock: time.Now}, nil
}

// Verify gives the session of a compact token, or a refused error.
func (v *Verifier) Verify(token string) (Session, error) {
	kid, payload, err := readForm(token)
	if err != nil {
		return Session{}, err
	}
	key, err := v.keys.find(kid)
	if err != nil {
		return Session{}, err
	}
	_, err = v.parser.Parse(token, func(*jwt.Token) (any, error) { return key, nil })
	if errors.Is(err, jwt.ErrTokenSignatureInvalid) {
		return Session{}, refused("token-signature")
	}
	claims, parseErr := strictObject(payload)
	if err != nil || parseErr != nil {
		return Session{}, refused("token-malformed")
	}
	if err := v.checkClaims(claims, float64(v.clock().UnixMilli())/1000); err != nil {
		return Session{}, err
	}
	return Session{
		UserID:   claims["sub"].(string),
		TenantID: claims["tenantId"].(string),
		Handle:   claims["sid"].(string),
		AppID:    claims["aud"].(string),
		Scopes:   strings.Fields(claims["scope"].(string)),
		Claims:   claims,
		Token:    token,
	}, nil
}

// readForm gives key id and payload of a token in canonical form; nothing is verified yet.
func readForm(token string) (kid string, payload []byte, err error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 || len(token) > maxTokenBytes || len(parts[0]) > maxHeaderBytes {
		return "", nil, refused("token-malformed")
	}
	var decoded [3][]byte
	for i, part := range parts {
		if decoded[i], err = decodeSegment(part); err != nil {
			return "", nil, refused("token-malformed")
		}
	}
	header, err := strictObject(decoded[0])
	if err != nil {
		return "", nil, refused("token-malformed")
	}
	if header["alg"] != "EdDSA" {
		return "", nil, refused("token-alg")
	}
	kid, _ = header["kid"].(string)
	// No other member may steer the verifier: crit, jwk, jku, x5u, b64 and what comes next.
	if header["typ"] != "JWT" || kid == "" || len(kid) > maxKidBytes || len(header) != 3 {
		return "", nil, refused("token-malformed")
	}
	return kid, decoded[1], nil
}

// checkClaims checks claims whose signature is known to be good.
func (v *Verifier) checkClaims(claims map[string]any, now float64) error {
	for _, name := range []string{"iss", "aud", "azp", "sub", "userId", "tenantId", "sid", "jti"} {
		if text, ok := claims[name].(string); !ok || text == "" {
			return refused("token-malformed")
		}
	}
	times := map[string]float64{}
	for _, name := range []string{"iat", "nbf", "exp"} {
		seconds, ok := claims[name].(float64)
		if !ok || seconds < 0 || seconds > maxSafeInteger {
			return refused("token-malformed")
		}
		times[name] = seconds
	}
	scope, ok := claims["scope"].(string)
	life := times["exp"] - times["iat"]
	switch {
	case !ok || scope != strings.Join(strings.Fields(scope), " "),
		claims["userId"] != claims["sub"],
		life <= 0 || life > maxLifeSeconds:
		return refused("token-malformed")
	case claims["iss"] != v.config.Issuer:
		return refused("issuer-mismatch")
	case claims["aud"] != v.config.Audience:
		return refused("audience-mismatch")
	case now >= times["exp"]+clockSkewSeconds:
		return refused("token-expired")
	case times["nbf"] > now+clockSkewSeconds:
		return refused("token-not-yet")
	case times["iat"] > now+clockSkewSeconds:
		return refused("iat-future")
	}
	// Bound to a key (RFC 9449), and nothing here checks a proof of it.
	if _, isBound := claims["cnf"]; isBound {
		return refused("proof-invalid")
	}
	return nil
}
