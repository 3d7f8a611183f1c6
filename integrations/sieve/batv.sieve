# BATV for Sieve (RFC 5228): what becomes of bounces by what batvd found. Put it before the scripts of users, as with
# Dovecot's sieve_before. batvd removes copies of the field that come with a message; only behind it the field counts.
require ["fileinto", "mailbox"];

# Nobody here sent what it returns, or batvd would have held it where the server can.
if header :matches "X-BATV-Verdict" ["disproved; *", "*; disposition=quarantine"] {
    fileinto :create "Quarantine";
    stop;
}
# It may be anybody's. Receipts and vacation notices prove nothing either, but are no backscatter: they stay in the inbox.
if header :matches "X-BATV-Verdict" ["unverified; reason=backscatter-unverified; *",
                                     "unverified; reason=tag-ok-original-foreign; *",
                                     "unverified; reason=tag-replayed; *",
                                     "unverified; reason=challenge-foreign; *"] {
    fileinto :create "Bounces";
    stop;
}
