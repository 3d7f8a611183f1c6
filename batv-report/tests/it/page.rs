//! The page in Chromium: what it shows is what the log says, nothing in it acts, and everybody can read it.
//!
//! `BATV_SCREENSHOTS=FOLDER cargo test -p batv-report --test it page` keeps pictures to look at.

mod colour;
mod sample;

use alloc::collections::BTreeMap;
use std::fs;

use batv_core::Day;
use batv_report::health::{Health, Key, Listener, Store};
use batv_report::{Lines, Page, Reader, Report, Shown, html, json, text};
use batv_tests::browser::{Browser, LOOKS};
use batv_tests::host::peers;
use serde_json::{Value, json};

use self::colour::{Colour, EYES};
use self::sample::{END, HOSTILE, Sample};

fn read(sample: &Sample) -> (Report, Lines) {
    let (mut report, mut lines) = (Report::default(), Lines::default());
    let mut reader = Reader::new(END);
    for line in sample.log.lines() {
        lines.read += 1;
        if let Some(event) = reader.read(line.as_bytes()) {
            lines.counted += 1;
            report.add(&event);
        }
    }
    (report, lines)
}

fn health(words: &str) -> Health {
    let day = |number| Day::new(number).ok();
    let mut key = Key::new("batv", "signing");
    (key.id, key.algorithm) = (Some(3), "hmac-sha256".to_owned());
    (key.created, key.next_rotation, key.last_valid) = (day(20_400), day(20_770), day(20_789));
    let mut old = Key::new("batv", "verifying");
    (old.id, old.algorithm, old.domains) = (Some(2), "hmac-sha1".to_owned(), vec![words.to_owned()]);
    let mut health = Health::default();
    health.version = "0.1.0".to_owned();
    health.uptime = Some(11 * 86_400);
    health.settings_loaded = Some(END - 40_000);
    health.reload_is_good = Some(false);
    health.keys = vec![key, old, Key::new("srs", "signing")];
    health.listeners = vec![Listener::new("milter", "unix:/run/batvd/milter.sock"), Listener::new("line", words)];
    health.listeners[0].connections = 12;
    health.listeners[1].is_missing = true;
    let mut store = Store::new("sqlite", true);
    store.words = words.to_owned();
    health.store = Some(store);
    health.sandbox = Some("landlock and seccomp".to_owned());
    health
}

fn render(sample: &Sample, words: &str, shown: Shown) -> String {
    let (report, lines) = read(sample);
    let health = health(words);
    let mut page = Page::new(&report);
    (page.health, page.lines, page.shown) = (Some(&health), Some(lines), shown);
    (page.name, page.made) = (if words.is_empty() { "mx.example.com" } else { words }, Some(END));
    html::render(&page)
}

/// The checker of accessibility.
fn axe() -> String {
    fs::read_to_string(peers().join("axe.min.js")).expect("axe.min.js: scripts/in-debian")
}

#[test]
fn everybody_can_read_it() {
    let page = render(&Sample::week(), "", Shown::Redacted);
    let axe = axe();
    for look in LOOKS {
        let mut browser = Browser::open(&page, look);
        browser.keep_picture(&format!("week-{}-{}.png", look.width, look.scheme));
        let widths = browser.evaluate("[document.documentElement.scrollWidth, innerWidth]");
        assert!(widths[0].as_u64() <= widths[1].as_u64(), "{look:?}: {widths}");
        assert_eq!(widths[1], look.width, "the page is not zoomed out");

        browser.evaluate(&axe);
        let found = browser.evaluate(
            "axe.run(document, { resultTypes: ['violations', 'passes'] }).then(result => [result.passes.map(one => one.id), \
             result.violations.map(one => [one.id, one.help, one.nodes.map(node => node.html).slice(0, 3)])])",
        );
        assert_eq!(found[1], json!([]), "{look:?}");
        for rule in ["color-contrast", "landmark-one-main", "svg-img-alt", "skip-link"] {
            assert!(found[0].as_array().unwrap().iter().any(|id| id == rule), "{rule} is not checked: {found}");
        }

        // Bars are told from the page by as much as figures need (WCAG 2.2 §1.4.11), and from each other.
        let colours = browser.evaluate(
            "[getComputedStyle(document.body).backgroundColor, ...['genuine', 'unverified', 'disproved', 'not-judged', \
             'undecided', 'asked'].map(name => { const bar = document.createElementNS('http://www.w3.org/2000/svg', 'rect'); \
             bar.setAttribute('class', 'c-' + name); document.querySelector('.chart svg').append(bar); \
             return getComputedStyle(bar).fill; })]",
        );
        let colours: Vec<_> =
            colours.as_array().unwrap().iter().map(|one| Colour::parse(one.as_str().unwrap())).collect();
        for (index, colour) in colours.iter().enumerate().skip(1) {
            assert!(colour.contrast(&colours[0]) >= 3.0, "{look:?}: {colour:?}");
            for other in &colours[1..index] {
                for eyes in EYES {
                    let difference = colour.seen_by(eyes).difference(&other.seen_by(eyes));
                    assert!(difference > 20.0, "{look:?}: {colour:?} and {other:?} are {difference} apart");
                }
            }
        }
    }
}

#[test]
fn by_keyboard_the_first_step_leads_to_the_report() {
    let mut browser = Browser::open(&render(&Sample::week(), "", Shown::Redacted), LOOKS[0]);
    browser.press("Tab", 9);
    let focused = "const box = document.activeElement.getBoundingClientRect(); \
        [document.activeElement.className, box.left >= 0 && box.top >= 0 && box.right <= innerWidth]";
    assert_eq!(
        browser.evaluate(&format!("(() => {{ {} }})()", focused.replace("[doc", "return [doc"))),
        json!(["skip", true])
    );
    browser.keep_picture("skip-360-light.png");
    browser.press("Enter", 13);
    browser.call("Input.dispatchKeyEvent", &json!({ "type": "char", "text": "\r" }));
    assert_eq!(browser.evaluate("location.hash"), "#main");
}

#[test]
fn figures_are_those_of_the_log() {
    let sample = Sample::week();
    let mut browser = Browser::open(&render(&sample, "", Shown::Redacted), LOOKS[2]);
    let number = "text => Number(text.replaceAll(',', '').split(' ')[0])";
    let tiles: BTreeMap<String, u64> = serde_json::from_value(browser.evaluate(&format!(
        "Object.fromEntries(Array.from(document.querySelectorAll('.tiles > div'), tile => \
         [tile.querySelector('dt').textContent, ({number})(tile.querySelector('dd').textContent)]))"
    )))
    .unwrap();
    let answers = sample.genuine + sample.disproved + sample.unverified + sample.not_judged;
    let expected = BTreeMap::from(
        [
            ("Bounces and answers", answers),
            ("Genuine", sample.genuine),
            ("Not ours", sample.disproved),
            ("Not proved", sample.unverified),
            ("Reject would refuse", sample.would_refuse),
            ("Refused", sample.refused),
            ("Left with a tag", sample.tagged),
        ]
        .map(|(name, count)| (name.to_owned(), count)),
    );
    assert_eq!(tiles, expected);

    // Each table sums up to the same, and so do the heights of the bars' titles.
    let mut sums = |table: &str, column: usize| {
        browser.evaluate(&format!(
            "Array.from(document.querySelectorAll('[aria-label=\"Table: {table}\"] tbody tr'), row => \
             ({number})(row.cells[{column}].textContent)).reduce((sum, one) => sum + one, 0)"
        ))
    };
    let all = answers + sample.asked;
    assert_eq!(sums("Decisions by domain", 2), all);
    assert_eq!(sums("Decisions by mode", 2), all);
    assert_eq!(sums("Decisions by protocol", 2), all);
    assert_eq!(sums("Decisions by reason", 1), all);
    assert_eq!(sums("Decisions by reason", 2), sample.would_refuse);
    assert_eq!(sums("Decisions over time", 1), sample.genuine);
    let titles = browser.evaluate(
        "Array.from(document.querySelectorAll('.chart.decisions g title'), title => title.textContent).join()",
    );
    let disproved =
        titles.as_str().unwrap().split([',', ':']).filter_map(|part| part.trim().strip_suffix(" Disproved"));
    assert_eq!(disproved.map(|number| number.parse::<u64>().unwrap()).sum::<u64>(), sample.disproved);

    // JSON says the same.
    let (report, _) = read(&sample);
    let object: Value = serde_json::from_str(&json::render(&Page::new(&report))).unwrap();
    for (name, count) in [
        ("total", all),
        ("genuine", sample.genuine),
        ("disproved", sample.disproved),
        ("unverified", sample.unverified),
        ("not-judged", sample.not_judged),
        ("asked", sample.asked),
        ("refused", sample.refused),
        ("would_refuse", sample.would_refuse),
    ] {
        assert_eq!(object["decisions"][name], count, "{name}");
        let steps = object["time"]["steps"].as_array().unwrap();
        assert_eq!(steps.iter().map(|step| step[name].as_u64().unwrap()).sum::<u64>(), count, "{name}");
    }
    assert_eq!(object["samples"].as_array().unwrap().len(), 100);
    assert_eq!(object["samples"][0]["to"].as_str().unwrap().matches('…').count(), 1);
}

#[test]
fn nothing_acts() {
    for shown in [Shown::Whole, Shown::Redacted] {
        let page = render(&Sample::hostile(), &HOSTILE.concat(), shown);
        let mut browser = Browser::open(&page, LOOKS[0]);
        browser.keep_picture(&format!("hostile-360-{shown:?}.png"));
        let widths = browser.evaluate("[document.documentElement.scrollWidth, innerWidth]");
        assert_eq!(widths, json!([360, 360]));
        let title = format!("BATV report of {}", HOSTILE.concat());
        let title: String = title
            .chars()
            .map(|character| match character {
                '\u{202e}' | '\u{2066}' | '\u{200b}' | '\u{feff}' | '\u{ad}' => character.escape_unicode().to_string(),
                _ => character.to_string(),
            })
            .collect();
        assert_eq!(browser.evaluate("document.title"), title);
        let strange = browser.evaluate(
            "Array.from(document.querySelectorAll('*')).filter(element => \
             !/^(html|head|meta|title|link|style|body|a|header|h[1-3]|p|nav|ul|li|main|section|div|dl|dt|dd|svg|rect|path|g|\
             figure|details|summary|table|caption|thead|tbody|tr|th|td|code|bdi|br|small|span|em|footer)$/.test(element.localName) \
             || Array.from(element.attributes).some(one => /^(on|style$|src$|action$|formaction$)/.test(one.name) \
             || one.name === 'href' && !/^(#[a-z]+|data:,)$/.test(one.value))).map(element => element.outerHTML.slice(0, 200))",
        );
        assert_eq!(strange, json!([]));
        // The headings are the page's own.
        assert_eq!(browser.evaluate("document.querySelectorAll('h1').length"), 1);
        // The style counts, so the policy lets it: its hash is right.
        assert_eq!(browser.evaluate("getComputedStyle(document.querySelector('table')).borderCollapse"), "collapse");
        let asked: Vec<_> = browser
            .events
            .iter()
            .filter(|event| event["method"] == "Network.requestWillBeSent")
            .map(|event| event["params"]["request"]["url"].as_str().unwrap().to_owned())
            .collect();
        assert!(
            asked.iter().all(|url| url.starts_with("file://") && url.ends_with("report.html") || url == "data:,"),
            "{asked:?}"
        );
        let said = browser
            .events
            .iter()
            .filter(|event| event["method"] == "Log.entryAdded" || event["method"] == "Runtime.consoleAPICalled");
        assert_eq!(said.collect::<Vec<_>>(), Vec::<&Value>::new());
        // Whoever has no policy is as safe: what was hostile is text.
        for text in HOSTILE {
            if text.contains('<') {
                assert!(!page.contains(text), "{text}");
            }
        }
        assert!(!page.contains(['\u{202e}', '\u{2066}', '\u{200b}', '\u{feff}', '\u{ad}']));
    }
}

#[test]
fn text_is_for_terminals() {
    for (sample, words) in [(Sample::week(), ""), (Sample::hostile(), HOSTILE[5])] {
        let (report, _) = read(&sample);
        let health = health(words);
        let mut page = Page::new(&report);
        page.health = Some(&health);
        let text = text::render(&page);
        assert!(!text.contains(|character: char| character.is_control() && character != '\n'));
        assert!(!text.contains(['\u{202e}', '\u{2066}', '\u{200b}']));
        if words.is_empty() {
            let longest = text.lines().max_by_key(|line| line.chars().count()).unwrap();
            assert!(longest.chars().count() <= 80, "{longest}");
        }
    }
}
