//! The daemon beside real mail servers, on loopback, with the configurations that are shipped: each file of `cases/` on
//! each of them.

extern crate alloc;

mod bounced;
mod case;
mod exim;
mod fleet;
mod guessed;
mod haraka;
mod load;
mod many_recipients;
mod opensmtpd;
mod placeholder;
mod postfix;
mod run;
mod sendmail;
mod server;
#[path = "../support/mod.rs"]
mod support;

use std::fs;
use std::path::Path;

use libtest_mimic::{Arguments, Trial};

use crate::bounced::Elsewhere;
use crate::case::Case;
use crate::server::MailServer;

const SERVERS: [&dyn MailServer; 5] =
    [&exim::Exim, &haraka::Haraka, &opensmtpd::OpenSmtpd, &postfix::Postfix, &sendmail::Sendmail];

fn main() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/servers/cases");
    let mut trials = Vec::new();
    for file in fs::read_dir(folder).expect("a folder").map(|file| file.expect("a file").path()) {
        if file.extension().is_none_or(|extension| extension != "case") {
            continue;
        }
        let name = file.file_stem().and_then(|name| name.to_str()).expect("a name");
        let text = fs::read_to_string(&file).expect("a file");
        for which in SERVERS {
            let text = text.clone();
            let trial = move || {
                run::run(&Case::parse(&text, which.name()).map_err(|fault| fault.to_string())?, which);
                Ok(())
            };
            trials.push(Trial::test(format!("on_{}::{name}", which.name()), trial));
        }
    }
    trials.push(Trial::test("keeps_all_mail_under_load", || {
        load::keeps_all_mail();
        Ok(())
    }));
    for which in SERVERS {
        if which.name() != "sendmail" {
            trials.push(Trial::test(format!("on_{}::guessing_clients_are_deferred", which.name()), || {
                guessed::is_put_off(which);
                Ok(())
            }));
            let name = format!("on_{}::guessing_clients_are_deferred_with_any_sender", which.name());
            trials.push(Trial::test(name, || {
                guessed::is_put_off_with_any_sender(which);
                Ok(())
            }));
        }
        if ["exim", "haraka"].contains(&which.name()) {
            trials.push(Trial::test(
                format!("on_{}::too_many_recipients_come_in_another_message", which.name()),
                || {
                    many_recipients::come_in_another_message(which);
                    Ok(())
                },
            ));
        }
        trials.push(Trial::test(format!("on_{}::guessing_clients_are_deferred_with_messages", which.name()), || {
            guessed::is_put_off_with_messages(which);
            Ok(())
        }));
        if ["postfix", "sendmail"].contains(&which.name()) {
            trials.push(Trial::test(
                format!("on_{}::guessing_clients_are_answered_by_its_tables", which.name()),
                || {
                    guessed::is_answered_by_tables(which);
                    Ok(())
                },
            ));
        }
    }
    trials.push(Trial::test("a_fleet_knows_mail_of_its_hosts_while_keys_change", || {
        fleet::knows_mail_of_its_hosts();
        Ok(())
    }));
    for elsewhere in Elsewhere::ALL {
        let trial = move || {
            bounced::proves_bounces_of(elsewhere);
            Ok(())
        };
        trials.push(Trial::test(format!("proves_bounces_of_{}", elsewhere.name()), trial));
    }
    trials.sort_by(|one, other| one.name().cmp(other.name()));
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}
