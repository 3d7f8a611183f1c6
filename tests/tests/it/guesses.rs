//! The rule that defers clients which may be guessing, in some days of attacks.

use batv_store::guesses::{Limits, MOST_ANSWERED};
use batv_tests::guesses::{Attack, Clients, MAILBOXES, Outcome, STRAYS, Target};

const DAYS: u64 = 6;

fn attack(target: Target, guesses: u64, clients: Clients) -> Attack {
    let (mailboxes, strays, stray_mailboxes) = (MAILBOXES, STRAYS, MAILBOXES);
    Attack { target, guesses, clients, mailboxes, strays, stray_mailboxes, days: DAYS }
}

const fn network(addresses: u64, known: u64) -> Clients {
    Clients::Networks { networks: 1, addresses, known }
}

#[test]
fn one_network_is_answered_no_more_than_promised_and_no_bounce_is_lost() {
    for target in [Target::Tag, Target::Srs] {
        for (clients, most) in [
            (network(1, 0), 50),
            (network(1, 1), 100),
            (network(199, 0), 50 + 199),
            (network(199, 20), 50 + 199 + 100),
            (network(199, 199), 199 + 100),
        ] {
            let attack = attack(target, 3_000, clients);
            let outcome = attack.run(Limits::default());
            assert!(outcome.most_in_a_day <= most && most <= u64::from(MOST_ANSWERED), "{attack:?}: {outcome:?}");
            assert!(outcome.bounces > 2_500 && outcome.lost == 0, "{attack:?}: {outcome:?}");
            // A wrong tag of a server's own is forgotten within four days.
            assert!(outcome.longest <= 4 * 86_400 + 4_000, "{attack:?}: {outcome:?}");
        }
    }
}

/// What no count can end.
#[test]
fn guesses_from_everywhere_are_answered_and_defer_nobody() {
    let attack = attack(Target::Tag, 3_000, Clients::AnotherSite);
    let outcome = attack.run(Limits::default());
    assert_eq!((outcome.answered, outcome.lost), (outcome.guesses, 0), "{outcome:?}");
    assert!(outcome.delayed * 1_000 <= outcome.bounces, "{outcome:?}");
}

#[test]
fn without_limits_all_is_answered_and_nothing_waits() {
    let attack = attack(Target::Tag, 1_000, network(1, 0));
    let none = attack.run(Limits { per_network: 0, per_mailbox: 0 });
    assert_eq!((none.answered, none.delayed, none.lost), (none.guesses, 0, 0));
    assert_ne!(none, Outcome::default());
}

/// Spam with made-up tags of some mailboxes bounces from everywhere, and its deferred bounces come again and again.
#[test]
fn wrong_tags_that_are_tried_again_keep_no_others_out() {
    for (strays, stray_mailboxes) in [(1_000, 1), (1_500, 1_000)] {
        let attack = Attack { strays, stray_mailboxes, ..attack(Target::Tag, 500, network(4, 0)) };
        let outcome = attack.run(Limits::default());
        assert!(
            outcome.delayed <= outcome.bounces / 200 && outcome.lost <= outcome.bounces / 1_000,
            "{attack:?}: {outcome:?}"
        );
    }
}

/// Somebody has servers guess by spam with made-up tags. One with a record bears 100 a day.
#[test]
fn servers_that_are_made_to_guess_wait_only_beyond_a_limit_of_their_own() {
    let few = attack(Target::Tag, 70, Clients::Servers(1)).run(Limits::default());
    assert_eq!((few.delayed, few.lost), (0, 0), "{few:?}");
    // What the rule can't do: tell a server's bounces from its guesses.
    let many = attack(Target::Tag, 1_500, Clients::Servers(1)).run(Limits::default());
    assert!(many.most_in_a_day <= 100 + 1 && many.lost == 0, "{many:?}");
}
