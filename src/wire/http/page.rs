//! The chat page: one file, and what a browser may do with it.
//!
//! It allows the page's own script and style, by their hashes, and no others: whatever a member writes, nothing of it is ever run.

use std::sync::LazyLock;

use data_encoding::BASE64;
use sha2::{Digest, Sha256};

/// The page.
pub const PAGE: &str = include_str!("../../web/page.html");

/// What the policy says of script and style.
static HASHES: LazyLock<String> = LazyLock::new(|| {
    let (script, style) = (hash(inside(PAGE, "script")), hash(inside(PAGE, "style")));
    format!("script-src 'sha256-{script}'; style-src 'sha256-{style}'")
});

/// The Content-Security-Policy of the page as `host` (a checked `Host`) serves it. Not every browser takes a WebSocket for
/// one of the page's own connections; and a page whose host is gone asks other hosts whether they are there.
pub(super) fn policy(host: &str) -> String {
    // Its language has no IPv6 addresses, and browsers complain of one.
    let sockets = if host.starts_with('[') { String::new() } else { format!("ws://{host} ") };
    format!(
        "default-src 'none'; {}; img-src data:; connect-src 'self' {sockets}http:; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'",
        *HASHES
    )
}

/// What stands in the page's one element of this name.
fn inside<'a>(page: &'a str, element: &str) -> &'a str {
    let (begin, end) = (format!("<{element}>"), format!("</{element}>"));
    let inside = page.split_once(&*begin).and_then(|(_, rest)| rest.split_once(&*end));
    inside.map_or("", |(inside, _)| inside)
}

fn hash(text: &str) -> String {
    BASE64.encode(&Sha256::digest(text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_one_script_and_one_style_and_needs_nothing_else() {
        for element in ["script", "style"] {
            assert_eq!(PAGE.matches(&format!("<{element}")).count(), 1, "{element}");
            assert!(!inside(PAGE, element).trim().is_empty(), "{element}");
        }
        assert!(!PAGE.contains(" src=") && !PAGE.contains(" style=") && !PAGE.contains("\r"));
    }

    #[test]
    fn the_policy_names_the_hashes() {
        // As `printf 'alert(1)' | openssl dgst -sha256 -binary | base64` has it.
        assert_eq!(hash("alert(1)"), "bhHHL3z2vDgxUt0W3dWQOrprscmda2Y5pLsLg4GF+pI=");
        let policy = policy("10.0.0.7:8808");
        assert!(policy.contains("connect-src 'self' ws://10.0.0.7:8808 http:;"), "{policy}");
        let of_ipv6 = super::policy("[fd00::7]:8808");
        assert!(of_ipv6.contains("connect-src 'self' http:;"), "{of_ipv6}");
        assert!(policy.starts_with("default-src 'none'; script-src 'sha256-"), "{policy}");
    }
}
