//! Several machines: network namespaces as hosts of a LAN, real processes on them, and all that goes wrong on a network.
//!
//! `scripts/lan.sh` makes the LANs. It needs root: without it, each test here says on stderr that it tested nothing.

mod arguments;
mod elected;
mod firewall;
mod garbage;
mod healed;
mod idle;
mod interfaces;
mod typed;

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value;

use crate::support::{Chat, eventually, is};

/// Everybody says one thing, everybody hears all.
fn all_talk(chats: &[Chat], what: &str) {
    for (number, chat) in chats.iter().enumerate() {
        chat.say(&format!("{what} {number}"));
    }
    for chat in chats {
        (0..chats.len()).for_each(|number| drop(chat.hears(&format!("{what} {number}"))));
    }
}

/// Waits until so many members are in the room, now.
fn has_members(chat: &Chat, count: usize) {
    eventually("as many members as there are", || (chat.members().len() == count).then_some(()));
}

/// The last `role` event of a process.
fn role(chat: &Chat) -> Value {
    chat.events().into_iter().rev().find(|event| is(event, "role")).unwrap()
}

/// Waits until the process has shown so many messages, and no more of them twice.
fn has_shown(chat: &Chat, count: usize) {
    eventually("as many messages as were said", || (shown_once(chat).len() == count).then_some(()));
}

/// Waits for a notice that holds these words.
fn is_told(chat: &Chat, words: &str) {
    let told = |event: &Value| is(event, "notice") && event["text"].as_str().unwrap().contains(words);
    chat.expect_for(MEETING, words, told);
}

/// Waits until all of them are in one room, with one host, after so many changes of host at least: its host's name.
fn meet(chats: &[&Chat], term: u64) -> String {
    let new = |event: &Value| is(event, "role") && event["term"].as_u64() >= Some(term);
    chats.iter().for_each(|chat| drop(chat.expect_for(MEETING, "role in a new term", new)));
    eventually("one host", || {
        let roles: Vec<Value> = chats.iter().map(|chat| role(chat)).collect();
        let hosts = roles.iter().filter(|role| role["role"] == "host").count();
        let agree = roles.iter().all(|role| role["host"] == roles[0]["host"] && role["term"] == roles[0]["term"]);
        (hosts == 1 && agree).then(|| roles[0]["host"].as_str().unwrap().to_owned())
    })
}

/// How long a change of host may take where its loss is only known by silence.
const MEETING: Duration = Duration::from_secs(60);

/// What a process has shown, holding that it has shown nothing twice.
fn shown_once(chat: &Chat) -> BTreeSet<String> {
    let messages = chat.messages();
    let texts: BTreeSet<String> = messages.iter().map(|it| it["text"].as_str().unwrap().to_owned()).collect();
    assert_eq!(texts.len(), messages.len(), "shown twice: {messages:#?}");
    texts
}
