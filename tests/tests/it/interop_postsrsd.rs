//! postsrsd and us, in both directions.

use batv_tests::interop::{Sampler, check_ages, check_agreement, check_differences};
use batv_tests::peer::Peer;

#[test]
fn senders_come_back_from_either_side() {
    let count = check_agreement(Peer::Postsrsd, &mut Sampler::from_environment());
    println!("{count} addresses rewritten");
    assert!(count > 4000, "too few to tell: {count}");
}

#[test]
fn ages_agree_but_for_the_skew() {
    check_ages(Peer::Postsrsd);
}

#[test]
fn differences_are_those_that_are_known() {
    check_differences(Peer::Postsrsd);
}
