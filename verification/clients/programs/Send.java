// Sends what every program here sends, by the Java client that was generated of a running center's openapi.json.

import java.io.File;
import java.io.FileNotFoundException;
import java.io.UncheckedIOException;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.security.MessageDigest;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import media_center.ApiClient;
import media_center.ApiException;
import media_center.api.AttachmentsApi;
import media_center.api.IntakeApi;
import media_center.model.ErrorBody;
import media_center.model.MessageEvent;
import media_center.model.MessageEventEvent;
import media_center.model.Progressing;
import media_center.model.ResidentMessage;
import media_center.model.StoredAttachment;
import media_center.model.Topic;

class Send {
    interface Sending {
        void send() throws Exception;
    }

    private final ApiClient client = new ApiClient();
    private final IntakeApi forms;
    private String id;
    private String timestamp;

    Send(String url) {
        client.updateBaseUri(url);
        forms = new IntakeApi(client);
    }

    /** The header of a signature, as docs/signing.md says, and what it is made of. */
    Map<String, String> signed(byte[] body) throws Exception {
        id = UUID.randomUUID().toString();
        timestamp = String.valueOf(Instant.now().getEpochSecond());
        byte[] key = Base64.getDecoder().decode(System.getenv("BUS_INTAKE_SECRET").replaceFirst("^whsec_", ""));
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(key, "HmacSHA256"));
        mac.update((id + "." + timestamp + ".").getBytes(StandardCharsets.UTF_8));
        return Map.of("webhook-signature", "v1," + Base64.getEncoder().encodeToString(mac.doFinal(body)));
    }

    byte[] json(Object form) throws Exception {
        return client.getObjectMapper().writeValueAsBytes(form);
    }

    static HttpRequest.BodyPublisher bytesOf(File file) {
        try {
            return HttpRequest.BodyPublishers.ofFile(file.toPath());
        } catch (FileNotFoundException gone) {
            throw new UncheckedIOException(gone);
        }
    }

    static String sha256(File file) throws Exception {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file.toPath())));
    }

    String keepPhoto(File photo) throws Exception {
        ApiClient ofFiles = new ApiClient();
        ofFiles.updateBaseUri(client.getBaseUri());
        // the generated method writes the file's path as JSON: the bytes are put in here
        ofFiles.setRequestInterceptor(request -> request.PUT(bytesOf(photo)));
        Map<String, String> signature = signed(sha256(photo).getBytes(StandardCharsets.UTF_8));
        StoredAttachment kept = new AttachmentsApi(ofFiles).keepAttachment(id, timestamp, photo, "楼道.jpg", signature);
        AttachmentsApi files = new AttachmentsApi(client);
        File read = files.getAttachment(kept.getSha256());
        System.out.println("file " + kept.getMediaType() + " " + sha256(read).equals(kept.getSha256()));
        Files.delete(read.toPath());
        return kept.getSha256();
    }

    ErrorBody refusal(Sending sending) throws Exception {
        try {
            sending.send();
        } catch (ApiException refused) {
            ErrorBody told = client.getObjectMapper().readValue(refused.getResponseBody(), ErrorBody.class);
            System.out.print("refused " + refused.getCode() + " " + told.getCode());
            return told;
        }
        throw new IllegalStateException("it was taken");
    }

    void all(String name, File photo) throws Exception {
        ResidentMessage message = new ResidentMessage().messageId(name).clientName("居民甲").category(Topic.ROAD)
            .text("楼道灯不亮 <二楼 & 三楼>").division("150402006").photos(List.of(keepPhoto(photo)))
            .leftAt(OffsetDateTime.parse("2026-11-02T09:12:00+08:00"));
        for (int time = 0; time < 2; time++) {
            Map<String, String> signature = signed(json(message));
            var answer = forms.sendMessage(id, timestamp, message, signature);
            System.out.println(answer.getStatus() + " " + answer.getCases().get(0).getNumber());
        }
        var act = new Progressing().action(Progressing.ActionEnum.PROGRESS).text("已联系物业");
        var event = new MessageEvent().eventId(name + "-1").messageId(name).event(new MessageEventEvent(act));
        Map<String, String> ofEvent = signed(json(event));
        System.out.println("event " + forms.sendMessageEvent(id, timestamp, event, ofEvent).getStatus());

        message.messageId(name + "-2").division("nowhere");
        Map<String, String> ofWrong = signed(json(message));
        ErrorBody told = refusal(() -> forms.sendMessage(id, timestamp, message, ofWrong));
        System.out.println(" " + told.getFaults().get(0).getField());
        Map<String, String> ofOther = signed(json(event));
        refusal(() -> forms.sendMessage(id, timestamp, message, ofOther));
        System.out.println();
    }

    public static void main(String[] none) throws Exception {
        new Send(System.getenv("BUS_URL")).all(System.getenv("BUS_ID"), new File(System.getenv("BUS_PHOTO")));
    }
}
