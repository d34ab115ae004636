//! What processes have shown, compared: the same, once, in one order.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Chat;

/// The public messages that a process has shown: place, sender, text.
pub(crate) fn shown(chat: &Chat) -> Vec<(u64, String, String)> {
    let text = |message: &Value, key: &str| message[key].as_str().unwrap().to_owned();
    let messages = chat.messages();
    messages.iter().map(|it| (it["seq"].as_u64().unwrap(), text(it, "from"), text(it, "text"))).collect()
}

/// Holds that all show the same, once, in one order with growing places, and returns it.
pub(crate) fn same_everywhere(chats: &[Chat]) -> Vec<(u64, String, String)> {
    // Nobody is told at the same moment as all others.
    let most = chats.iter().map(|chat| chat.messages().len()).max().unwrap_or(0);
    chats.iter().for_each(|chat| chat.shows_messages(most));
    let reference = shown(&chats[0]);
    for chat in chats {
        assert_eq!(shown(chat), reference);
    }
    assert!(reference.windows(2).all(|pair| pair[0].0 < pair[1].0), "places grow: {reference:#?}");
    let texts: BTreeSet<_> = reference.iter().map(|(_, _, text)| text).collect();
    assert_eq!(texts.len(), reference.len(), "shown twice: {reference:#?}");
    reference
}
