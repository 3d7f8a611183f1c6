-- BATV for rspamd 2 or newer: add this to rspamd.local.lua. batvd must come first in the mail server, and removes copies of
-- the field that come with a message.

config['regexp']['BATV_GENUINE'] = {
  re = 'X-BATV-Verdict=/^genuine; /{header}',
  description = 'A bounce of a message that was sent from here',
  group = 'batv',
  score = -3.0,
}

config['regexp']['BATV_DISPROVED'] = {
  re = 'X-BATV-Verdict=/^disproved; /{header}',
  description = 'A bounce of a message that was not sent from here',
  group = 'batv',
  score = 8.0,
}

-- Receipts and vacation notices prove nothing either, but are no backscatter.
config['regexp']['BATV_UNVERIFIED'] = {
  re = 'X-BATV-Verdict=/^unverified; reason=(?:backscatter-unverified|tag-ok-original-foreign|tag-replayed|challenge-foreign); /{header}',
  description = 'A bounce of which nothing tells whose message it returns',
  group = 'batv',
  score = 3.0,
}

config['regexp']['BATV_QUARANTINE'] = {
  re = 'X-BATV-Verdict=/; disposition=quarantine$/{header}',
  description = 'To be held, by the policy for bounces',
  group = 'batv',
  score = 4.0,
}
