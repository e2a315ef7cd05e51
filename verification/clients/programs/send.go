// Sends what every program here sends, by the Go client that was generated of a running center's openapi.json.
package main

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"strings"
	"time"

	center "media_center"
)

// signing signs each request as it leaves: the bytes of a form, the hash of a file.
type signing struct {
	key  []byte
	next http.RoundTripper
}

// headerOf finds a header in the generated client's own spelling, which Header.Get does not.
func headerOf(request *http.Request, name string) string {
	for spelt, values := range request.Header {
		if strings.EqualFold(spelt, name) {
			return values[0]
		}
	}
	return ""
}

// RoundTrip is as docs/signing.md says.
func (s signing) RoundTrip(request *http.Request) (*http.Response, error) {
	id := headerOf(request, "webhook-id")
	if id == "" || request.Body == nil {
		return s.next.RoundTrip(request)
	}
	body, err := io.ReadAll(request.Body)
	if err != nil {
		return nil, err
	}
	signed := body
	if headerOf(request, "Content-Type") == "application/octet-stream" {
		hash := sha256.Sum256(body)
		signed = []byte(hex.EncodeToString(hash[:]))
	}
	digest := hmac.New(sha256.New, s.key)
	fmt.Fprintf(digest, "%s.%s.%s", id, headerOf(request, "webhook-timestamp"), signed)
	copied := request.Clone(request.Context())
	copied.Body = io.NopCloser(bytes.NewReader(body))
	copied.Header.Set("webhook-signature", "v1,"+base64.StdEncoding.EncodeToString(digest.Sum(nil)))
	return s.next.RoundTrip(copied)
}

func client(key []byte) *center.APIClient {
	configuration := center.NewConfiguration()
	configuration.Servers = center.ServerConfigurations{{URL: os.Getenv("BUS_URL")}}
	configuration.HTTPClient = &http.Client{Timeout: time.Minute}
	if key != nil {
		configuration.HTTPClient.Transport = signing{key, http.DefaultTransport}
	}
	return center.NewAPIClient(configuration)
}

var sendings int

func newID() string {
	sendings++
	return fmt.Sprintf("%s-%d", os.Getenv("BUS_ID"), sendings)
}

func now() string {
	return fmt.Sprint(time.Now().Unix())
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func refusal(response *http.Response, err error) (int, center.ErrorBody) {
	var told *center.GenericOpenAPIError
	if !errors.As(err, &told) {
		log.Fatalf("no refusal: %v", err)
	}
	body, ok := told.Model().(center.ErrorBody)
	if !ok {
		log.Fatalf("not read: %s", told.Body())
	}
	return response.StatusCode, body
}

func keepPhoto(ctx context.Context, files *center.AttachmentsAPIService) string {
	photo, err := os.Open(os.Getenv("BUS_PHOTO"))
	must(err)
	defer photo.Close()
	kept, _, err := files.KeepAttachment(ctx).WebhookId(newID()).WebhookTimestamp(now()).Body(photo).Name("楼道.jpg").Execute()
	must(err)
	read, _, err := files.GetAttachment(ctx, kept.Sha256).Execute()
	must(err)
	defer os.Remove(read.Name())
	content, err := io.ReadAll(read)
	must(err)
	hash := sha256.Sum256(content)
	fmt.Println("file", kept.MediaType, hex.EncodeToString(hash[:]) == kept.Sha256)
	return kept.Sha256
}

func main() {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(os.Getenv("BUS_INTAKE_SECRET"), "whsec_"))
	must(err)
	ctx, signed, id := context.Background(), client(key), os.Getenv("BUS_ID")

	message := center.NewResidentMessage(id, "居民甲", "楼道灯不亮 <二楼 & 三楼>", "150402006")
	message.SetCategory(center.ROAD)
	message.SetPhotos([]string{keepPhoto(ctx, signed.AttachmentsAPI)})
	message.SetLeftAt(time.Date(2026, 11, 2, 1, 12, 0, 0, time.UTC))
	send := func(by *center.APIClient) (*center.FormTaken, *http.Response, error) {
		return by.IntakeAPI.SendMessage(ctx).WebhookId(newID()).WebhookTimestamp(now()).ResidentMessage(*message).Execute()
	}
	for i := 0; i < 2; i++ {
		answer, _, err := send(signed)
		must(err)
		fmt.Println(answer.Status, answer.Cases[0].Number)
	}
	act := center.ProgressingAsMessageEventEvent(center.NewProgressing("progress", "已联系物业"))
	event := center.NewMessageEvent(id+"-1", id, act)
	answer, _, err := signed.IntakeAPI.SendMessageEvent(ctx).WebhookId(newID()).WebhookTimestamp(now()).MessageEvent(*event).Execute()
	must(err)
	fmt.Println("event", answer.Status)

	_, response, err := send(client(nil))
	status, told := refusal(response, err)
	unsigned := fmt.Sprintln("refused", status, told.Code)
	message.MessageId, message.Division = id+"-2", "nowhere"
	_, response, err = send(signed)
	status, told = refusal(response, err)
	fmt.Println("refused", status, told.Code, told.Faults[0].Field)
	fmt.Print(unsigned)
}
