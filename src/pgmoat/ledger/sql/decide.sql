-- A person's word on a held write. Parameters: approval, fingerprint (of what the person was shown), is_approved, who, reason.
SELECT pgmoat.decide(%(approval)s, %(fingerprint)s, %(is_approved)s, %(who)s, %(reason)s);
