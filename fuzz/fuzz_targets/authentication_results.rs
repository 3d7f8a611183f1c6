#![cfg_attr(fuzzing, no_main)]
//! Any octets as a header, and as one field of a server that is trusted: what is read proves nothing when nobody is
//! trusted, or nobody who is trusted is named.

use batv_bounce::trusted_results::TrustedResults;
use batv_core::Path;
use batv_policy::{BouncePolicy, BounceQuestion, MayBounce, may_bounce};

batv_fuzz::fuzz!(|data| {
    let field = [b"Authentication-Results: ", data].concat();
    let results = TrustedResults::of(&field, &["mx.example.net"]);
    for domain in ["example.org", ""] {
        let _ = (results.spf(domain), results.dkim(domain), results.dmarc(domain), results.arc());
    }
    assert!(!TrustedResults::of(&field, &["mx.example.com"]).prove_author(&field));

    let stranger = BouncePolicy { trusted_sealers: &["list.example"], ..BouncePolicy::default() };
    let question =
        BounceQuestion { header: data, ..BounceQuestion::new(Path::parse("alice@example.org").expect("a path")) };
    assert_eq!(may_bounce(&question, &stranger).may, MayBounce::No);
    let trusting = BouncePolicy { authserv_ids: &["mx.example.net"], ..stranger };
    let proved = may_bounce(&question, &trusting).may == MayBounce::Yes;
    let claims = data.windows(14).any(|part| part.eq_ignore_ascii_case(b"mx.example.net"));
    assert!(claims || !proved, "nobody who is trusted is named");
});
