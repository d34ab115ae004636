use super::*;

/// What `nft --json list ruleset` (1.0.6) prints of a filter with most of what such filters hold.
const RULESET: &str = r#"{"nftables":[
{"metainfo":{"version":"1.0.6","release_name":"Lester Gooch #5","json_schema_version":1}},
{"table":{"family":"inet","name":"filter","handle":1}},
{"set":{"family":"inet","name":"ports","table":"filter","type":"inet_service","handle":4,"elem":[22,80]}},
{"chain":{"family":"inet","table":"filter","name":"casts","handle":1}},
{"chain":{"family":"inet","table":"filter","name":"input","handle":2,"type":"filter","hook":"input","prio":0,"policy":"drop"}},
{"chain":{"family":"inet","table":"filter","name":"output","handle":3,"type":"filter","hook":"output","prio":0,"policy":"accept"}},
{"rule":{"family":"inet","table":"filter","chain":"casts","handle":5,"expr":[{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"daddr"}},"right":{"prefix":{"addr":"224.0.0.0","len":24}}}},{"accept":null}]}},
{"rule":{"family":"inet","table":"filter","chain":"casts","handle":6,"expr":[{"match":{"op":"==","left":{"payload":{"protocol":"udp","field":"dport"}},"right":5353}},{"accept":null}]}},
{"rule":{"family":"inet","table":"filter","chain":"casts","handle":7,"expr":[{"match":{"op":"in","left":{"ct":{"key":"state"}},"right":["established","related"]}},{"accept":null}]}},
{"rule":{"family":"inet","table":"filter","chain":"casts","handle":8,"expr":[{"limit":{"rate":5,"burst":5,"per":"second"}},{"accept":null}]}},
{"rule":{"family":"inet","table":"filter","chain":"casts","handle":9,"expr":[{"log":{"prefix":"x"}},{"drop":null}]}},
{"rule":{"family":"inet","table":"filter","chain":"input","handle":11,"expr":[{"vmap":{"key":{"ct":{"key":"state"}},"data":{"set":[["invalid",{"drop":null}],["established",{"accept":null}],["related",{"accept":null}]]}}}]}},
{"rule":{"family":"inet","table":"filter","chain":"input","handle":12,"expr":[{"match":{"op":"==","left":{"meta":{"key":"iifname"}},"right":"lo"}},{"accept":null}]}},
{"rule":{"family":"inet","table":"filter","chain":"input","handle":13,"expr":[{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"protocol"}},"right":"icmp"}},{"accept":null}]}},
{"rule":{"family":"inet","table":"filter","chain":"input","handle":15,"expr":[{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":{"set":[22,{"range":[8000,9000]}]}}},{"accept":null}]}},
{"rule":{"family":"inet","table":"filter","chain":"input","handle":17,"expr":[{"match":{"op":"==","left":{"meta":{"key":"l4proto"}},"right":{"set":["tcp","udp"]}}},{"match":{"op":"==","left":{"payload":{"protocol":"th","field":"dport"}},"right":"@ports"}},{"accept":null}]}},
{"rule":{"family":"inet","table":"filter","chain":"input","handle":18,"expr":[{"match":{"op":"==","left":{"meta":{"key":"pkttype"}},"right":"multicast"}},{"jump":{"target":"casts"}}]}},
{"rule":{"family":"inet","table":"filter","chain":"input","handle":19,"expr":[{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":{"prefix":{"addr":"10.0.0.0","len":8}}}},{"counter":{"packets":0,"bytes":0}},{"accept":null}]}},
{"rule":{"family":"inet","table":"filter","chain":"input","handle":20,"expr":[{"reject":{"type":"icmpx","expr":"port-unreachable"}}]}},
{"rule":{"family":"inet","table":"filter","chain":"output","handle":21,"expr":[{"match":{"op":"==","left":{"meta":{"key":"oifname"}},"right":"eth*"}},{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"daddr"}},"right":{"prefix":{"addr":"224.0.0.0","len":4}}}},{"drop":null}]}}
]}"#;

fn judged(ruleset: &str, port: u16) -> Vec<(String, Gate, Gate)> {
    let lan = "eth0";
    let tcp = Packet { protocol: "tcp", port, to: "192.168.1.7".parse().unwrap(), kind: "host", interface: lan };
    let udp = Packet { protocol: "udp", to: "239.255.88.8".parse().unwrap(), kind: "multicast", ..tcp.clone() };
    let tools = firewalls(ruleset, &tcp, &udp).unwrap().into_iter();
    tools
        .map(|firewall| match firewall.tool {
            Tool::Nftables(chain) => (chain, firewall.tcp, firewall.udp),
            other => panic!("{other:?}"),
        })
        .collect()
}

/// An input chain of these rules, each a list of statements.
fn input(policy: &str, rules: &[&str]) -> String {
    let rules = rules
        .iter()
        .map(|expr| format!(r#",{{"rule":{{"family":"inet","table":"filter","chain":"input","expr":[{expr}]}}}}"#));
    let chain = r#""family":"inet","table":"filter","name":"input","type":"filter","hook":"input","prio":0"#;
    format!(r#"{{"nftables":[{{"chain":{{{chain},"policy":"{policy}"}}}}{}]}}"#, rules.collect::<String>())
}

const DPORT: &str = r#"{"match":{"op":"==","left":{"payload":{"protocol":"udp","field":"dport"}},"right":8808}}"#;
const ODD: &str = r#"{"xt":{"type":"match","name":"recent"}}"#;

#[test]
fn a_real_ruleset_is_read() {
    // TCP is let in by a range of ports, UDP perhaps by the limit, and multicasts do not get out.
    let found = judged(RULESET, 8808);
    assert_eq!(
        found,
        [
            ("inet filter input".into(), Gate::Open, Gate::Unclear),
            ("inet filter output".into(), Gate::Open, Gate::Shut)
        ]
    );
    // Of a port outside of the range, the set with a name and the subnet may let it in.
    assert_eq!(judged(RULESET, 9001)[0].1, Gate::Unclear);
}

#[test]
fn no_rules_are_no_firewall() {
    assert!(judged(r#"{"nftables":[{"metainfo":{"version":"1.0.6"}}]}"#, 8808).is_empty());
    assert!(judged(&input("accept", &[]), 8808).is_empty());
}

#[test]
fn the_first_rule_that_fits_decides_and_else_the_policy() {
    let drop_ours = format!("{DPORT},{{\"counter\":{{}}}},{{\"drop\":null}}");
    let accept_ours = format!("{DPORT},{{\"accept\":null}}");
    let udp =
        |policy: &str, rules: &[&str]| judged(&input(policy, rules), 8808).first().map_or(Gate::Open, |one| one.2);
    assert_eq!(udp("drop", &[]), Gate::Shut);
    assert_eq!(udp("accept", &[&drop_ours]), Gate::Shut);
    assert_eq!(udp("accept", &[&accept_ours, &drop_ours]), Gate::Open);
    assert_eq!(udp("drop", &[&accept_ours]), Gate::Open);
    assert_eq!(judged(&input("drop", &[&accept_ours]), 8808)[0].1, Gate::Shut, "TCP");
    assert_eq!(udp("drop", &[r#"{"return":null}"#, &accept_ours]), Gate::Shut, "it never gets so far");
}

#[test]
fn what_is_not_understood_may_hold_or_not() {
    let rule = |verdict: &str| format!("{ODD},{{\"{verdict}\":null}}");
    let both = |policy: &str, rule: &str| judged(&input(policy, &[rule]), 8808);
    assert_eq!(both("accept", &rule("drop"))[0].1, Gate::Unclear);
    assert_eq!(both("drop", &rule("accept"))[0].2, Gate::Unclear);
    assert!(both("accept", &rule("accept")).is_empty(), "either way it gets in");
    assert_eq!(both("drop", &rule("drop"))[0].1, Gate::Shut, "either way it does not");
}

#[test]
fn a_circle_of_chains_ends() {
    let jump = r#"{"jump":{"target":"input"}}"#;
    assert_eq!(judged(&input("accept", &[jump]), 8808)[0].1, Gate::Unclear);
}

#[test]
fn other_families_and_hooks_say_nothing() {
    for (of, other) in
        [("\"inet\"", "\"bridge\""), ("\"inet\"", "\"ip6\""), ("\"hook\":\"input\"", "\"hook\":\"forward\"")]
    {
        assert!(judged(&input("drop", &[]).replace(of, other), 8808).is_empty(), "{other}");
    }
}

#[test]
fn what_is_no_ruleset_is_none() {
    let tcp = Packet { protocol: "tcp", port: 1, to: "10.0.0.1".parse().unwrap(), kind: "host", interface: "eth0" };
    for text in ["", "{}", "[]", "{\"nftables\":7}", "table inet filter {"] {
        assert!(firewalls(text, &tcp, &tcp).is_none(), "{text}");
    }
    for text in ["[7,null,{\"rule\":[]},{\"chain\":{\"hook\":\"input\"}}]", "[]"] {
        assert_eq!(firewalls(&format!("{{\"nftables\":{text}}}"), &tcp, &tcp), Some(Vec::new()));
    }
}
