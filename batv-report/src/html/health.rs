//! Section on the daemon itself.

use core::fmt::{self, Write};

use batv_core::Day;

use super::escape::Text;
use super::tables::{section, table};
use crate::format::{Number, minute, uptime};
use crate::health::{Health, Key};

pub(super) fn write(out: &mut String, state: &Health) -> fmt::Result {
    out.write_str("<div class=\"pair\">\n")?;
    keys(out, &state.keys)?;
    daemon(out, state)?;
    out.write_str("</div>\n")
}

fn keys(out: &mut String, keys: &[Key]) -> fmt::Result {
    section(out, "keys", "Keys")?;
    let columns = ["Key", "State", "For", "Signs since", "Replace by", "Tags valid to"];
    table(out, "Keys", &columns, 0, keys, |out, key| {
        let id = key.id.map(|id| format!(" {id}")).unwrap_or_default();
        let day = |day: Option<Day>| day.map_or_else(|| "–".to_owned(), |day| day.to_string());
        let age = match key.age_days {
            Some(1) => "1 day".to_owned(),
            Some(days) => format!("{days} days"),
            None => String::new(),
        };
        let domains = if key.domains.is_empty() { "everybody".to_owned() } else { key.domains.join(", ") };
        writeln!(
            out,
            "<tr><th scope=\"row\">{}{id}<small>{}</small></th><td>{}</td><td class=\"address\"><bdi>{}</bdi></td>\
             <td>{}<small>{age}</small></td><td>{}</td><td>{}</td></tr>",
            Text(&key.key_use),
            Text(&key.algorithm),
            Text(&key.state),
            Text(&domains),
            day(key.created),
            day(key.next_rotation),
            day(key.last_valid),
        )
    })?;
    out.write_str("</section>\n")
}

fn daemon(out: &mut String, state: &Health) -> fmt::Result {
    section(out, "daemon", "The daemon")?;
    out.write_str("<dl class=\"facts\">")?;
    let reload = state.reload_is_good.map(|good| if good { "good" } else { "failed: the settings before it stay" });
    let store = state.store.as_ref().map(|store| {
        let is = if store.is_up { "up" } else { "down" };
        let words = if store.words.is_empty() { String::new() } else { format!(", {}", store.words) };
        format!("{}, {is}{words}", store.kind)
    });
    for (name, value) in [
        ("Version", Some(state.version.clone()).filter(|version| !version.is_empty())),
        ("Running for", uptime(state.uptime)),
        ("Settings read", state.settings_loaded.map(|at| format!("{} UTC", minute(at)))),
        ("Last reading", reload.map(str::to_owned)),
        ("Store", store.or_else(|| Some("none".to_owned()))),
        ("Sandbox", state.sandbox.clone()),
    ] {
        if let Some(value) = value {
            write!(out, "<div><dt>{name}</dt><dd>{}</dd></div>", Text(&value))?;
        }
    }
    out.write_str("</dl>\n")?;
    table(out, "Listeners", &["Protocol", "Where", "State", "Connections"], 1, &state.listeners, |out, listener| {
        let is = if listener.is_missing { "gone" } else { "listens" };
        writeln!(
            out,
            "<tr><th scope=\"row\">{}</th><td class=\"address\"><bdi>{}</bdi></td><td>{is}</td><td class=\"n\">{}</td></tr>",
            Text(&listener.protocol),
            Text(&listener.address),
            Number(listener.connections)
        )
    })?;
    out.write_str("</section>\n")
}
