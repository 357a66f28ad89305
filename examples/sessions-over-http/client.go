// Reads sessions from the host's server. See docs/guides/sessions.md.
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"net/url"
	"os"
	"time"
)

// A Session is a live session of a user.
type Session struct {
	Handle   string         `json:"handle"`
	UserID   string         `json:"userId"`
	TenantID string         `json:"tenantId"`
	Scopes   []string       `json:"scopes"`
	Claims   map[string]any `json:"claims"`
}

var client = http.Client{
	Timeout: 5 * time.Second,
	// Keeps the secret from other servers.
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

func ask(path string, result any) error {
	request, err := http.NewRequest(http.MethodGet, os.Getenv("SESSIONS_URL")+path, nil)
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+os.Getenv("SESSIONS_SECRET"))
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("sessions: %s", response.Status)
	}
	return json.NewDecoder(response.Body).Decode(result)
}

func sessionsOf(userID string) ([]Session, error) {
	var answer struct {
		Sessions []Session `json:"sessions"`
	}
	err := ask("/sessions?userId="+url.QueryEscape(userID), &answer)
	return answer.Sessions, err
}

func sessionOf(handle string) (session Session, err error) {
	err = ask("/sessions/"+url.PathEscape(handle), &session)
	return session, err
}

func main() {
	sessions, err := sessionsOf("alice")
	if err != nil {
		log.Fatal(err)
	}
	for _, session := range sessions {
		found, err := sessionOf(session.Handle)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(found.Handle, found.TenantID, found.Claims)
	}
}
