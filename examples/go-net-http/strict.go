package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"unicode/utf8"
)

var errNotStrict = errors.New("not a JSON object in strict form")

// decodeSegment decodes base64url without padding. Go's decoder skips line breaks and stray tail
// bits, so one signed token would have many encodings. Encoding the result again shows whether the
// segment was canonical.
func decodeSegment(segment string) ([]byte, error) {
	data, err := base64.RawURLEncoding.DecodeString(segment)
	if err != nil || base64.RawURLEncoding.EncodeToString(data) != segment {
		return nil, errNotStrict
	}
	return data, nil
}

// strictObject parses a JSON object in UTF-8 without duplicate names. It uses a map, because struct
// fields match names in any case: {"sub":"bob","SUB":"alice"} would be alice.
func strictObject(data []byte) (map[string]any, error) {
	var object map[string]any
	if !utf8.Valid(data) || json.Unmarshal(data, &object) != nil || object == nil {
		return nil, errNotStrict
	}
	if hasDuplicateNames(json.NewDecoder(bytes.NewReader(data))) {
		return nil, errNotStrict
	}
	return object, nil
}

// hasDuplicateNames walks over the tokens of one valid JSON value.
func hasDuplicateNames(decoder *json.Decoder) bool {
	type level struct {
		names   map[string]bool // nil for an array
		isValue bool
	}
	var levels []level
	for {
		token, err := decoder.Token()
		if err == io.EOF {
			return false
		}
		if err != nil {
			return true
		}
		if token == json.Delim('}') || token == json.Delim(']') {
			levels = levels[:len(levels)-1]
			continue
		}
		if len(levels) > 0 {
			current := &levels[len(levels)-1]
			if current.names != nil && !current.isValue {
				name := token.(string)
				if current.names[name] {
					return true
				}
				current.names[name] = true
				current.isValue = true
				continue
			}
			current.isValue = false
		}
		switch token {
		case json.Delim('{'):
			levels = append(levels, level{names: map[string]bool{}})
		case json.Delim('['):
			levels = append(levels, level{})
		}
	}
}
