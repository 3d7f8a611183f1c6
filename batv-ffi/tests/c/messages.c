/* Reads and judges messages. Each is read from memory of its own size that is gone before anything is asked. */
#include "expect.h"

static batv_keyring *keyring;

static const char KEYS[] = "[[key]]\nuse = \"batv\"\nid = 0\nalgorithm = \"hmac-sha1\"\nsecret = \"text:s3kr1t\"\nstate = \"signing\"\n";
/* Of RFC 8463, Appendix A. */
static const char RECORD[] = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";

#define REPORT "From: MAILER-DAEMON@mx.example.net\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n" \
               "--b\r\n\r\nIt could not be delivered.\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.net\r\n"
#define FAILED "\r\nFinal-Recipient: rfc822; bob@example.net\r\nAction: failed\r\nStatus: 5.1.1\r\n--b\r\n"
#define HEADERS "Content-Type: text/rfc822-headers\r\n\r\n"
#define END "\r\n--b--\r\n"
#define STRANGE "Received: from a.example by b.example; Wed, 01 Jan 2020 10:00:00 +0000\r\n" \
                "From: carol@example.org\r\nTo: bob@example.net\r\nDate: Wed, 01 Jan 2020 10:00:00 +0000\r\n" \
                "Message-ID: <2@example.org>\r\nSubject: hello\r\n"
#define MARKED "Message-ID: <1@example.com>\r\nX-BATV-Mark: 1.0.18262.bdqdi4mqqmyk7shbhkxtf2jr\r\nFrom: alice@example.com\r\n"
#define SIGNED "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n d=football.example.com; i=@football.example.com;\r\n" \
               " q=dns/txt; s=brisbane; t=1528637909; h=from : to :\r\n subject : date : message-id : from : subject : date;\r\n" \
               " bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus\r\n" \
               " Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==\r\nFrom: Joe SixPack <joe@football.example.com>\r\n" \
               "To: Suzie Q <suzie@shopping.example.net>\r\nSubject: Is dinner ready?\r\nDate: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n" \
               "Message-ID: <20030712040037.46341.5F8J@football.example.com>\r\n"

#define TAGGED "prvs=0269b1e711=alice@example.com"
#define STRONG "batv=0269jurgttwo3kjr=alice@example.com"
#define FORGED "prvs=0269b1e712=alice@example.com"
#define MARKED_SINCE "marked_since 2019-01-01"

struct row {
    const char *name, *from, *to, *settings, *message, *read, *judged;
};

static const struct row rows[] = {
    {"a bounce without anything", "<>", "alice@example.com", "", REPORT FAILED END,
     "dsn failed nothing 0 1", "unverified backscatter-unverified quarantine 250 alice@example.com unknown 10"},
    {"a bounce with a tag", "<>", TAGGED, "", REPORT FAILED END,
     "dsn failed nothing 0 1", "genuine tag-ok accept 250 alice@example.com unknown 3"},
    {"a bounce with a forged tag", "<>", FORGED, "", REPORT FAILED END,
     "dsn failed nothing 0 1", "disproved tag-forged reject 550  unknown 7"},
    {"a bounce with a mark in the header", "<>", "alice@example.com", "", REPORT FAILED HEADERS MARKED END,
     "dsn failed headers 0 1", "genuine original-proved accept 250 alice@example.com mark 8"},
    {"a bounce with an envelope id", "<>", "alice@example.com", "",
     REPORT "Original-Envelope-Id: batv1.0.18262.jiyco6t4uqrjr4hbiz6b.bdqdi4mqqmyk7shbhkxtf2jr\r\n" FAILED END,
     "dsn failed nothing 0 1", "genuine original-proved accept 250 alice@example.com envelope-id 8"},
    {"a bounce with a tag in the header", "<>", "alice@example.com", "",
     REPORT FAILED HEADERS "Return-Path: <" STRONG ">\r\nFrom: alice@example.com\r\n" END,
     "dsn failed headers 0 1", "genuine original-proved accept 250 alice@example.com tag 8"},
    {"a bounce with a tag in the header that can be guessed", "<>", "alice@example.com", "",
     REPORT FAILED HEADERS "Return-Path: <" TAGGED ">\r\nFrom: alice@example.com\r\n" END,
     "dsn failed headers 0 1", "unverified backscatter-unverified quarantine 250 alice@example.com hint 10"},
    {"a bounce with a DKIM signature of 2018", "<>", "alice@example.com", "", REPORT FAILED HEADERS SIGNED END,
     "dsn failed headers 0 1", "unverified backscatter-unverified quarantine 250 alice@example.com hint 10"},
    {"a bounce to a stranger's message, of which we know nothing", "<>", "alice@example.com", "",
     REPORT FAILED HEADERS STRANGE END,
     "dsn failed headers 1 1", "unverified backscatter-unverified quarantine 250 alice@example.com unknown 10"},
    {"a bounce to a stranger's message", "<>", "alice@example.com", MARKED_SINCE, REPORT FAILED HEADERS STRANGE END,
     "dsn failed headers 1 1", "disproved backscatter-disproved reject 550  disproved 9"},
    {"a bounce with a tag to a stranger's message", "<>", TAGGED, MARKED_SINCE, REPORT FAILED HEADERS STRANGE END,
     "dsn failed headers 1 1", "unverified tag-ok-original-foreign mark 250 alice@example.com disproved 4"},
    {"a bounce to an exempt mailbox", "<>", "alice@example.com", "exempt example.com", REPORT FAILED HEADERS STRANGE END,
     "dsn failed headers 1 1", "not-judged exempt accept 250 alice@example.com unknown 1"},
    {"a bounce with a reverse-path", "MAILER-DAEMON@example.net", "alice@example.com", MARKED_SINCE "\ndaemon_senders true", REPORT FAILED HEADERS STRANGE END,
     "dsn failed headers 1 1", "disproved nonnull-backscatter quarantine 250 alice@example.com disproved 21"},
    {"the same where it may be refused", "MAILER-DAEMON@example.net", "alice@example.com", MARKED_SINCE "\ndaemon_senders true\nreject_daemon_senders true",
     REPORT FAILED HEADERS STRANGE END,
     "dsn failed headers 1 1", "disproved nonnull-backscatter reject 550  disproved 21"},
    {"one with a mark in the header", "MAILER-DAEMON@example.net", "alice@example.com", MARKED_SINCE "\ndaemon_senders true\nreject_daemon_senders true",
     REPORT FAILED HEADERS MARKED END,
     "dsn failed headers 0 1", "genuine nonnull-bounce-proved mark 250 alice@example.com mark 20"},
    {"a read receipt", "<>", "alice@example.com", "",
     "From: bob@example.net\r\nContent-Type: multipart/report; report-type=disposition-notification; boundary=b\r\n\r\n"
     "--b\r\n\r\nRead.\r\n--b\r\nContent-Type: message/disposition-notification\r\n\r\nFinal-Recipient: rfc822;bob@example.net\r\n"
     "Original-Message-ID: <1@example.com>\r\nDisposition: manual-action/MDN-sent-manually; displayed\r\n--b--\r\n",
     "mdn nothing nothing 0 1", "unverified mdn-unverified mark 250 alice@example.com unknown 12"},
    {"the same, held", "<>", "alice@example.com", "hold_receipts true",
     "From: bob@example.net\nContent-Type: message/disposition-notification\n\nDisposition: manual-action; displayed\n",
     "mdn nothing nothing 0 0", "unverified mdn-unverified quarantine 250 alice@example.com unknown 12"},
    {"a vacation notice", "<>", "alice@example.com", "",
     "From: bob@example.net\nAuto-Submitted: auto-replied\nSubject: away\n\nI am away.\n",
     "auto-reply nothing nothing 0 0", "unverified auto-reply-unverified mark 250 alice@example.com unknown 14"},
    {"other mail without a sender", "<>", "alice@example.com", "", "From: bob@example.net\nSubject: lunch\n\nAt noon?\n",
     "null-other nothing nothing 0 0", "not-judged null-not-bounce mark 250 alice@example.com unknown 15"},
    {"mail", "bob@example.net", "alice@example.com", "", "From: bob@example.net\nSubject: lunch\n\nAt noon?\n",
     "ordinary nothing nothing 0 0", "not-judged not-judged accept 250 alice@example.com unknown 0"},
    {"no octets", "bob@example.net", TAGGED, "", "",
     "ordinary nothing nothing 0 0", "not-judged tagged-mail accept 250 alice@example.com unknown 0"},
    {"to postmaster", "<>", "postmaster@example.com", "", REPORT FAILED END,
     "dsn failed nothing 0 1", "not-judged rfc5321-4.5.1 accept 250 postmaster@example.com unknown 17"},
};

static batv_message *read_and_forget(const char *text, const char *from, size_t limit) {
    size_t length = strlen(text);
    char *octets = malloc(length + (length == 0));
    batv_message *message = NULL;
    memcpy(octets, text, length);
    EXPECT_RESULT(BATV_RESULT_OK,
                  batv_message_new(octets_of(octets, length), batv_text_of(from), limit, &message));
    memset(octets, 'x', length);
    free(octets);
    return message;
}

static batv_settings *settings_with(const char *lines) {
    batv_settings *settings;
    EXPECT_RESULT(BATV_RESULT_OK, batv_settings_new(&settings));
    EXPECT_RESULT(BATV_RESULT_OK, batv_settings_set(settings, "mode", "reject"));
    EXPECT_RESULT(BATV_RESULT_OK, batv_settings_add_dkim_key(settings, "football.example.com", "brisbane", TEXT(RECORD)));
    set_all(settings, lines);
    return settings;
}

static const char *name_of(uint32_t code) {
    return code == 0 ? "nothing" : batv_code_text(code);
}

static void judge(const struct row *row) {
    batv_message *message = read_and_forget(row->message, row->from, 0);
    batv_settings *settings = settings_with(row->settings);
    batv_envelope envelope = envelope_of(batv_text_of(row->from), batv_text_of(row->to));
    batv_reading reading = BATV_INIT(batv_reading);
    batv_judgement judgement = BATV_INIT(batv_judgement);
    batv_origin origin;
    char said[2048], deliver_to[BATV_ADDRESS_SIZE], evidence[4096];
    batv_buffer mailbox = BATV_BUFFER(deliver_to), lines = BATV_BUFFER(evidence);

    EXPECT_RESULT(BATV_RESULT_OK, batv_message_read(message, &reading));
    EXPECT(reading.cut == 0);
    snprintf(said, sizeof said, "%s %s %s %u %u", batv_code_text(reading.message_class), name_of(reading.action),
             name_of(reading.original), (unsigned)reading.complete, (unsigned)reading.recipients);
    if (strcmp(said, row->read) != 0) {
        fprintf(stderr, "%s\n  expected %s\n  found    %s\n", row->name, row->read, said);
        failures++;
    }

    EXPECT_RESULT(BATV_RESULT_OK,
                  batv_judge_message(keyring, settings, message, &envelope, NOON, &judgement, &mailbox));
    EXPECT(mailbox.length == strlen(deliver_to));
    snprintf(said, sizeof said, "%s %s %s %u %s %s %u", batv_code_text(judgement.verdict), batv_code_text(judgement.reason),
             batv_code_text(judgement.disposition), (unsigned)judgement.reply_code, deliver_to, batv_code_text(judgement.origin),
             (unsigned)judgement.row);
    if (strcmp(said, row->judged) != 0) {
        fprintf(stderr, "%s\n  expected %s\n  found    %s\n", row->name, row->judged, said);
        failures++;
    }
    EXPECT(judgement.settled == 1);
    EXPECT(atoi(judgement.reply) == (int)judgement.reply_code);

    EXPECT_RESULT(BATV_RESULT_OK,
                  batv_message_origin(keyring, settings, message, batv_text_of(row->to), NOON, &origin, &lines));
    EXPECT(origin == judgement.origin && lines.length == strlen(evidence));
    EXPECT((origin == BATV_ORIGIN_UNKNOWN) == (lines.length == 0));
    batv_settings_free(settings);
    batv_message_free(message);
}

/* What other arguments say. */
static void flags(void) {
    static const char ABUSE[] = "From: bob@example.net\nContent-Type: multipart/report; report-type=feedback-report; boundary=b\n\n"
                                "--b\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\n--b--\n";
    batv_message *report = read_and_forget(ABUSE, "<>", 0);
    batv_message *cut = read_and_forget(REPORT FAILED HEADERS STRANGE END STRANGE, "<>", strlen(REPORT FAILED HEADERS STRANGE END));
    batv_message *unknown = read_and_forget("Return-Path: <>\nFrom: bob@example.net\n\nAt noon?\n", NULL, 0);
    batv_settings *settings = settings_with(MARKED_SINCE);
    batv_envelope envelope = envelope_of(TEXT("<>"), TEXT("alice@example.com"));
    batv_judgement judgement = BATV_INIT(batv_judgement);
    batv_reading reading = BATV_INIT(batv_reading);

    EXPECT_RESULT(BATV_RESULT_OK, batv_judge_message(keyring, settings, report, &envelope, NOON, &judgement, NULL));
    EXPECT(judgement.reason == BATV_REASON_NULL_NOT_BOUNCE);
    envelope.report_is_welcome = 1;
    EXPECT_RESULT(BATV_RESULT_OK, batv_judge_message(keyring, settings, report, &envelope, NOON, &judgement, NULL));
    EXPECT(judgement.reason == BATV_REASON_REPORT);
    envelope.report_is_welcome = 0;

    EXPECT_RESULT(BATV_RESULT_OK, batv_message_read(cut, &reading));
    EXPECT(reading.cut == 1);
    EXPECT_RESULT(BATV_RESULT_OK, batv_judge_message(keyring, settings, cut, &envelope, NOON, &judgement, NULL));
    EXPECT(judgement.disposition == BATV_DISPOSITION_QUARANTINE && judgement.reply_code == 250 && judgement.row == 9);

    EXPECT_RESULT(BATV_RESULT_OK, batv_message_read(unknown, &reading));
    EXPECT(reading.message_class == BATV_CLASS_NULL_OTHER);
    batv_settings_free(settings);
    batv_message_free(unknown);
    batv_message_free(cut);
    batv_message_free(report);
}

static void fields(void) {
    /* Of two recipients, one with a control character, which must not reach a log. */
    batv_message *message = read_and_forget(
        REPORT "Original-Envelope-Id: xyz\r\n\r\nOriginal-Recipient: rfc822;b@example.net\r\nFinal-Recipient: rfc822; bob\x01@example.net\r\n"
               "Action: delayed\r\nStatus: 4.4.1\r\n" FAILED HEADERS MARKED END,
        "<>", 0);
    static const struct {
        const char *name;
        uint32_t recipient;
        const char *value;
    } of_the_report[] = {
        {"Reporting-MTA", 0, "mx.example.net"},        {"original-envelope-id", 0, "xyz"},
        {"Original-Message-ID", 0, ""},                {"Original-Recipient", 0, "b@example.net"},
        {"Final-Recipient", 0, "bob @example.net"},    {"Action", 0, "delayed"},
        {"STATUS", 0, "4.4.1"},                        {"Original-Recipient", 1, ""},
        {"Final-Recipient", 1, "bob@example.net"},     {"Action", 1, "failed"},
        {"Status", 1, "5.1.1"},
    };
    char text[1024];
    batv_buffer buffer = BATV_BUFFER(text);
    size_t at;
    for (at = 0; at < sizeof of_the_report / sizeof of_the_report[0]; at++) {
        EXPECT_RESULT(BATV_RESULT_OK, batv_message_report(message, of_the_report[at].name, of_the_report[at].recipient,
                                                          &buffer));
        if (strcmp(text, of_the_report[at].value) != 0 || buffer.length != strlen(text)) {
            fprintf(stderr, "%s is %s\n", of_the_report[at].name, text);
            failures++;
        }
    }
    EXPECT_RESULT(BATV_RESULT_OK, batv_message_original(message, "message-id", &buffer));
    EXPECT(strcmp(text, "<1@example.com>") == 0);
    EXPECT_RESULT(BATV_RESULT_OK, batv_message_original(message, "Subject", &buffer));
    EXPECT(text[0] == 0);
    EXPECT_RESULT(BATV_RESULT_OK, batv_message_evidence(message, &buffer));
    EXPECT(strncmp(text, "part 2: its type is message/delivery-status\n", 44) == 0);
    batv_message_free(message);
    /* Nothing is told of what is no bounce. */
    message = read_and_forget("Subject: lunch\n\nAt noon?\n", NULL, 0);
    EXPECT_RESULT(BATV_RESULT_OK, batv_message_report(message, "Status", 0, &buffer));
    EXPECT(text[0] == 0 && buffer.length == 0);
    EXPECT_RESULT(BATV_RESULT_OK, batv_message_original(message, "Message-ID", &buffer));
    EXPECT(text[0] == 0);
    batv_message_free(message);
}

static void may_bounce(void) {
    static const struct {
        const char *from, *header, *notify;
        uint32_t answerable_in_smtp, own_client;
        const char *answer;
    } cases[] = {
        {"bob@example.net", "", "", 1, 0, "reject-first reject-first 1"},
        {"<>", "", "", 0, 0, "no null 2"},
        {"bob@example.net", "", "NEVER", 0, 0, "no dsn-never 3"},
        {"alice@example.com", "", "FAILURE", 0, 1, "yes own-verified 6"},
        {"alice@example.com", "", "", 0, 0, "no own-forged 7"},
        {"bob@example.net", "Authentication-Results: mx.example.com; spf=pass smtp.mailfrom=example.net\r\n", "", 0, 0, "yes spf 9"},
        {"bob@example.net", "Authentication-Results: mx.example.org; spf=pass smtp.mailfrom=example.net\r\n", "", 0, 0, "hold unproved 14"},
        {"bob@example.net", "Authentication-Results: mx.example.com; spf=fail smtp.mailfrom=example.net", "", 0, 0, "no forged 13"},
        {"bob@example.net", "Authentication-Results: mx.example.com; spf=none; dkim=pass header.d=example.net", "", 0, 0, "yes dkim 10"},
        {"a@partner.example", "", "", 0, 0, "yes unproved 14"},
    };
    batv_settings *settings = settings_with("protected example.com\nauthserv_ids mx.example.com\nallowed partner.example\n"
                                            "hold_unproved true");
    batv_bounce_answer answer = BATV_INIT(batv_bounce_answer);
    size_t at;
    for (at = 0; at < sizeof cases / sizeof cases[0]; at++) {
        size_t length = strlen(cases[at].header);
        char *header = malloc(length + (length == 0)), said[64];
        batv_bounce_question question = BATV_INIT(batv_bounce_question);
        memcpy(header, cases[at].header, length);
        question.reverse_path = batv_text_of(cases[at].from);
        question.header = octets_of(header, length);
        question.notify = batv_text_of(cases[at].notify);
        question.answerable_in_smtp = cases[at].answerable_in_smtp;
        question.own_client = cases[at].own_client;
        EXPECT_RESULT(BATV_RESULT_OK, batv_may_bounce(settings, &question, &answer));
        free(header);
        snprintf(said, sizeof said, "%s %s %u", batv_code_text(answer.may), batv_code_text(answer.reason), (unsigned)answer.row);
        if (strcmp(said, cases[at].answer) != 0) {
            fprintf(stderr, "%s to %s, not %s\n", said, cases[at].from, cases[at].answer);
            failures++;
        }
        EXPECT(strlen(answer.words) > 10);
    }
    batv_settings_free(settings);
}

int main(void) {
    size_t at;
    keyring = keyring_of(KEYS);
    for (at = 0; at < sizeof rows / sizeof rows[0]; at++)
        judge(&rows[at]);
    flags();
    fields();
    may_bounce();
    batv_keyring_free(keyring);
    return failures != 0;
}
