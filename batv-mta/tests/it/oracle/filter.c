/* A filter on libmilter, for comparison with batvd.
 *
 *   filter SOCKET WAY TAGGED REPLY MARK ENVID
 *
 * WAY is its behaviour:
 *   same   that of batvd with the site of the tests: it changes the sender alice@example.com of an authenticated
 *          client to TAGGED and gives the message MARK and ENVID, restores the recipient of a bounce to TAGGED, refuses
 *          bounces to other tagged addresses with REPLY, and deletes header fields X-BATV-Status and X-BATV-Verdict; it
 *          negotiates as batvd does, and takes the bodies of bounces alone
 *   empty  it negotiates the same, and changes nothing
 *   usual  it changes every sender to TAGGED and adds a header field, with the steps that libmilter negotiates for
 *          filters that don't care: all for which they have functions, each of them answered
 * REPLY is the text after "550 5.7.1 ".
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <libmilter/mfapi.h>

#define NEEDED (SMFIF_ADDHDRS | SMFIF_ADDRCPT | SMFIF_DELRCPT | SMFIF_CHGHDRS | SMFIF_CHGFROM)
#define WANTED (NEEDED | SMFIF_QUARANTINE | SMFIF_SETSYMLIST)
#define SKIPPED (SMFIP_NOHELO | SMFIP_SKIP | SMFIP_NOEOH | SMFIP_NOUNKNOWN)
#define UNANSWERED (SMFIP_NR_CONN | SMFIP_NR_MAIL | SMFIP_NR_HDR)

static char *alice = "<alice@example.com>";
static char *tagged;
static char *reply;
static char *mark;
static char parameters[128];
static int can_skip;
static int edits;
static int over_tcp;

struct message {
    int sign;
    int null;
    int restore;
    int statuses;
    int verdicts;
};

static struct message *message_of(SMFICTX *context)
{
    return smfi_getpriv(context);
}

static sfsistat forget(SMFICTX *context)
{
    free(message_of(context));
    smfi_setpriv(context, NULL);
    return SMFIS_CONTINUE;
}

static sfsistat unanswered(void)
{
    return over_tcp ? SMFIS_CONTINUE : SMFIS_NOREPLY;
}

static sfsistat negotiate(SMFICTX *context, unsigned long actions, unsigned long steps, unsigned long f2,
                          unsigned long f3, unsigned long *wanted_actions, unsigned long *wanted_steps,
                          unsigned long *wanted2, unsigned long *wanted3)
{
    (void)f2;
    (void)f3;
    if ((actions & NEEDED) != NEEDED)
        return SMFIS_REJECT;
    *wanted_actions = actions & WANTED;
    *wanted_steps = steps & SKIPPED;
    /* libmilter answers the steps that a server can't leave unanswered, but not those that are left out. */
    if (!over_tcp)
        *wanted_steps |= UNANSWERED | (steps & SMFIP_NODATA);
    can_skip = (*wanted_steps & SMFIP_SKIP) != 0;
    *wanted2 = *wanted3 = 0;
    if (actions & SMFIF_SETSYMLIST) {
        smfi_setsymlist(context, SMFIM_CONNECT, "{daemon_name} v");
        smfi_setsymlist(context, SMFIM_ENVFROM, "i {auth_type} {auth_authen} {mail_addr}");
        smfi_setsymlist(context, SMFIM_ENVRCPT, "{rcpt_mailer} {rcpt_addr}");
        smfi_setsymlist(context, SMFIM_EOM, "i");
    }
    return SMFIS_CONTINUE;
}

static sfsistat client(SMFICTX *context, char *host, _SOCK_ADDR *address)
{
    (void)context;
    (void)host;
    (void)address;
    return unanswered();
}

static sfsistat sender(SMFICTX *context, char **arguments)
{
    char *authenticated = smfi_getsymval(context, "{auth_type}");
    struct message *message;
    if (!edits)
        return unanswered();
    forget(context);
    message = calloc(1, sizeof *message);
    if (message == NULL)
        abort();
    message->sign = authenticated != NULL && *authenticated != '\0' && strcmp(arguments[0], alice) == 0;
    message->null = strcmp(arguments[0], "<>") == 0;
    smfi_setpriv(context, message);
    return unanswered();
}

static sfsistat recipient(SMFICTX *context, char **arguments)
{
    struct message *message = message_of(context);
    if (!edits)
        return SMFIS_CONTINUE;
    if (message == NULL)
        return SMFIS_TEMPFAIL;
    if (message->null && strcmp(arguments[0], tagged) == 0) {
        message->restore = 1;
    } else if (message->null && strncmp(arguments[0], "<prvs=", 6) == 0) {
        smfi_setreply(context, "550", "5.7.1", reply);
        return SMFIS_REJECT;
    }
    return SMFIS_CONTINUE;
}

static sfsistat field(SMFICTX *context, char *name, char *value)
{
    struct message *message = message_of(context);
    (void)value;
    if (message != NULL && strcasecmp(name, "X-BATV-Status") == 0)
        message->statuses++;
    if (message != NULL && strcasecmp(name, "X-BATV-Verdict") == 0)
        message->verdicts++;
    return unanswered();
}

static sfsistat body(SMFICTX *context, unsigned char *octets, size_t length)
{
    struct message *message = message_of(context);
    (void)octets;
    (void)length;
    return can_skip && (message == NULL || !message->null) ? SMFIS_SKIP : SMFIS_CONTINUE;
}

static sfsistat end(SMFICTX *context)
{
    struct message *message = message_of(context);
    if (!edits)
        return SMFIS_CONTINUE;
    if (message == NULL)
        return SMFIS_ACCEPT;
    for (; message->statuses > 0; message->statuses--)
        smfi_chgheader(context, "X-BATV-Status", message->statuses, NULL);
    for (; message->verdicts > 0; message->verdicts--)
        smfi_chgheader(context, "X-BATV-Verdict", message->verdicts, NULL);
    if (message->sign) {
        smfi_chgfrom(context, tagged, parameters);
        smfi_insheader(context, 0, "X-BATV-Mark", mark);
    }
    if (message->restore) {
        smfi_delrcpt(context, tagged);
        smfi_addrcpt(context, alice);
        smfi_insheader(context, 0, "X-BATV-Status", "valid");
        smfi_insheader(context, 0, "X-BATV-Verdict",
                       "genuine; reason=tag-ok; class=null-other; origin=unknown; disposition=accept");
        smfi_insheader(context, 0, "X-BATV-Recipient", tagged);
    }
    forget(context);
    return SMFIS_CONTINUE;
}

static sfsistat usual_sender(SMFICTX *context, char **arguments)
{
    (void)context;
    (void)arguments;
    return SMFIS_CONTINUE;
}

static sfsistat usual_field(SMFICTX *context, char *name, char *value)
{
    (void)context;
    (void)name;
    (void)value;
    return SMFIS_CONTINUE;
}

static sfsistat usual_end(SMFICTX *context)
{
    smfi_chgfrom(context, tagged, NULL);
    smfi_addheader(context, "X-BATV-Status", "signed");
    return SMFIS_CONTINUE;
}

static sfsistat usual_end_of_header(SMFICTX *context)
{
    (void)context;
    return SMFIS_CONTINUE;
}

int main(int argc, char **argv)
{
    struct smfiDesc same = {
        .xxfi_name = "filter",
        .xxfi_version = SMFI_VERSION,
        .xxfi_flags = WANTED,
        .xxfi_connect = client,
        .xxfi_envfrom = sender,
        .xxfi_envrcpt = recipient,
        .xxfi_header = field,
        .xxfi_body = body,
        .xxfi_eom = end,
        .xxfi_abort = forget,
        .xxfi_close = forget,
        .xxfi_negotiate = negotiate,
    };
    struct smfiDesc usual = {
        .xxfi_name = "filter",
        .xxfi_version = SMFI_VERSION,
        .xxfi_flags = SMFIF_ADDHDRS | SMFIF_CHGFROM,
        .xxfi_envfrom = usual_sender,
        .xxfi_envrcpt = usual_sender,
        .xxfi_header = usual_field,
        .xxfi_eoh = usual_end_of_header,
        .xxfi_eom = usual_end,
    };
    if (argc != 7) {
        fprintf(stderr, "filter SOCKET same|empty|usual TAGGED REPLY MARK ENVID\n");
        return 2;
    }
    over_tcp = strncmp(argv[1], "inet", 4) == 0;
    edits = strcmp(argv[2], "same") == 0;
    tagged = argv[3];
    reply = argv[4];
    mark = argv[5];
    snprintf(parameters, sizeof parameters, "ENVID=%s", argv[6]);
    if (smfi_setconn(argv[1]) != MI_SUCCESS ||
        smfi_register(strcmp(argv[2], "usual") == 0 ? usual : same) != MI_SUCCESS)
        return 1;
    return smfi_main() == MI_SUCCESS ? 0 : 1;
}
