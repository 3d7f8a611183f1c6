//! The rule that puts off who may be guessing, in some weeks of attacks.

use batv_store::guesses::Limits;
use batv_tests::guesses::{Attack, MAILBOXES, Outcome, STRAYS};

const DAYS: u64 = 9;
/// Low ones, so that a few guesses are many.
const LIMITS: Limits = Limits { per_network: 20, per_mailbox: 60 };

fn attack(guesses: u64, networks: u64, mailboxes: u64) -> Attack {
    Attack { guesses, networks, mailboxes, from_servers: false, strays: STRAYS, stray_mailboxes: MAILBOXES, days: DAYS }
}

/// The most that can be answered: what is left under the limits in each day, and of each address its first one of two days.
fn bound(attack: &Attack) -> u64 {
    let Limits { per_network, per_mailbox } = LIMITS;
    let limited = (attack.networks * u64::from(per_network)).min(attack.mailboxes * u64::from(per_mailbox));
    let firsts = 4 * attack.networks * (attack.days / 2 + 2);
    limited * (attack.days + 1) + firsts
}

#[test]
fn guesses_are_kept_under_their_limits_and_no_bounce_is_lost() {
    for (guesses, networks, mailboxes) in
        [(500, 1, 1), (1_500, 1, 1_000), (1_500, 100, 1), (1_500, 1_000, 1), (1_500, 1_000, 1_000)]
    {
        let attack = attack(guesses, networks, mailboxes);
        let outcome = attack.run(LIMITS);
        assert!(outcome.answered <= bound(&attack), "{attack:?}: {outcome:?}");
        assert!(outcome.bounces > 4_000 && outcome.lost == 0, "{attack:?}: {outcome:?}");
        // A wrong tag of a server's own is forgotten within four days.
        assert!(outcome.longest <= 4 * 86_400 + 4_000, "{attack:?}: {outcome:?}");
    }
}

#[test]
fn who_guesses_much_from_few_networks_learns_little() {
    for (networks, mailboxes) in [(1, 1), (1, 1_000)] {
        let attack = attack(1_500, networks, mailboxes);
        let outcome = attack.run(LIMITS);
        assert!(outcome.answered * 10 < outcome.guesses, "{attack:?}: {outcome:?}");
    }
}

#[test]
fn without_limits_all_is_answered_and_nothing_waits() {
    let attack = attack(1_000, 1, 1);
    let none = attack.run(Limits { per_network: 0, per_mailbox: 0 });
    assert_eq!((none.answered, none.delayed, none.lost, none.counters), (none.guesses, 0, 0, 0));
    assert_ne!(none, Outcome::default());
}

/// Spam with made-up tags of some mailboxes bounces from everywhere, and what is put off of it comes again and again. A
/// genuine bounce is lost only where one server has several of both for such a mailbox.
#[test]
fn wrong_tags_that_are_tried_again_keep_no_others_out() {
    for (strays, stray_mailboxes) in [(1_000, 1), (1_500, 1_000)] {
        let attack = Attack { strays, stray_mailboxes, ..attack(500, 1, 1) };
        let outcome = attack.run(LIMITS);
        assert!(
            outcome.delayed <= outcome.bounces / 200 && outcome.lost <= outcome.bounces / 1_000,
            "{attack:?}: {outcome:?}"
        );
    }
}

/// What the rule can't do: tell a server's bounces from its guesses.
#[test]
fn bounces_from_an_address_that_guesses_wait_with_its_guesses() {
    let attack = Attack { from_servers: true, ..attack(1_500, 1, 1_000) };
    let outcome = attack.run(LIMITS);
    assert!(outcome.delayed > 0, "{outcome:?}");
}
