//! What two programs say apart from bytes: their value trees, key by key. The table says what a difference of each key
//! means; a key that it does not know is taken for one that everything depends on.

use super::rules::{
    CLOSED_VALUE, MEANING, NAME_GONE, NAME_NEW, NUMBER, PLACE_GONE, PLACE_NEW, REMARK, ROOM, Rule, STATED, TYPED, WAY,
};
use super::{Comparison, Finding, Level, Verdict};
use crate::load::node::{Data, Entry, Node};
use crate::model::Named;

/// What a key is.
#[derive(Clone, Copy)]
enum Class {
    /// Holds named things that generated code has names for.
    Names,
    /// Holds named things that generated code knows nothing of.
    Places,
    /// Holds keys.
    Keys,
    /// Must stay as it is.
    Fixed(&'static Rule),
    /// May be stated where nothing was said.
    Stated,
    /// The larger the better.
    Room,
    /// May differ.
    Remark,
    /// Compared with the layouts, as far as a route carries the message on both sides.
    Bound,
}

/// Every key of a program but for names, the keys of a class in one text: a reference to each would take as much room as all
/// of them. A test finds those that are missing.
const CLASSES: &[(&str, Class)] = &[
    ("constants enums structs messages interfaces ports processes values variants fields", Class::Names),
    ("routes hosts failovers", Class::Places),
    ("queue observe", Class::Keys),
    ("name program package type as repr optional direction message reply interface open bitmask", Class::Fixed(&TYPED)),
    ("id value tag", Class::Fixed(&NUMBER)),
    ("scale range unknown used_by", Class::Fixed(&MEANING)),
    ("unit clock key default", Class::Stated),
    ("capacity loans instances", Class::Room),
    ("max_bytes", Class::Bound),
    (
        "vil doc deprecated annotations since strict aliases exec priority failure_domain idempotent \
         trace_hop latency sample deadline_ms address",
        Class::Remark,
    ),
    (
        "kind layout memory media_type adapter lane backpressure zone cleanup host forwards mutates from \
         to transfer boundary delivery verify source target on strategy",
        Class::Fixed(&WAY),
    ),
];

/// A thing that has a name holds keys, as the program itself does.
const THING: &str = "";

fn class(key: &str) -> Option<Class> {
    if key == THING {
        return Some(Class::Keys);
    }
    CLASSES.iter().find(|(keys, _)| keys.split(' ').any(|known| known == key)).map(|(_, class)| *class)
}

/// Adds what differs between two trees, up to a level, to the subjects that it belongs to; messages by their full names.
pub(super) fn compare(old: &Node, new: &Node, package: Option<&str>, level: Level, comparison: &mut Comparison) {
    Walk { level, comparison, package, path: Vec::new(), open: true }.node(THING, Some(old), Some(new));
}

/// Every key in a tree that the table does not know.
#[cfg(test)]
fn strange<'n>(tree: &'n Node, key: &str, found: &mut Vec<&'n str>) {
    let is_named = matches!(class(key), Some(Class::Names | Class::Places)) || key == "annotations";
    for entry in tree.entries() {
        if !is_named && class(&entry.key).is_none() {
            found.push(&entry.key);
        }
        strange(&entry.value, if is_named { "" } else { &entry.key }, found);
    }
    tree.items().iter().for_each(|item| strange(item, "", found));
}

struct Walk<'c> {
    level: Level,
    comparison: &'c mut Comparison,
    package: Option<&'c str>,
    path: Vec<String>,
    /// Is the enum or union that we are in open?
    open: bool,
}

impl Walk<'_> {
    /// Two values under one key; of a thing in a list of names the key is "".
    fn node(&mut self, key: &str, old: Option<&Node>, new: Option<&Node>) {
        if old == new {
            return;
        }
        match class(key) {
            Some(Class::Names | Class::Places) => self.children(Some(key), old, new),
            Some(Class::Keys) => self.children(None, old, new),
            Some(Class::Fixed(rule)) => self.tell(rule, Verdict::Incompatible, key, old, new),
            Some(Class::Stated) => match (old.is_some(), new.is_some()) {
                (false, _) => self.tell(&STATED, Verdict::Newer, key, old, new),
                (_, false) => self.tell(&STATED, Verdict::Older, key, old, new),
                _ => self.tell(&MEANING, Verdict::Incompatible, key, old, new),
            },
            Some(Class::Room) => self.tell(&ROOM, room(old, new), key, old, new),
            Some(Class::Bound) if old.is_some() && new.is_some() => {}
            Some(Class::Bound | Class::Remark) => self.tell(&REMARK, Verdict::Equivalent, key, old, new),
            None => self.tell(&WAY, Verdict::Incompatible, key, old, new),
        }
    }

    fn key(&mut self, key: &str, old: Option<&Node>, new: Option<&Node>) {
        self.path.push(key.to_owned());
        self.node(key, old, new);
        self.path.pop();
    }

    /// A thing that has a name: on both sides, or on one of them.
    fn thing(&mut self, of: &str, name: &str, old: Option<&Node>, new: Option<&Node>) {
        self.path.push(name.to_owned());
        let (gone, came) = match class(of) {
            Some(Class::Places) => (&PLACE_GONE, &PLACE_NEW),
            _ => (&NAME_GONE, &NAME_NEW),
        };
        let what = format!("{} `{name}`", singular(of));
        match (old, new) {
            (Some(old), Some(new)) => {
                let outer = self.open;
                self.open = is_open(of, old, outer);
                match (number(of, old), number(of, new)) {
                    (Some(old), Some(new)) => self.numbers(old, new),
                    _ => self.node(THING, Some(old), Some(new)),
                }
                self.open = outer;
            }
            (Some(_), None) => self.add(gone, Verdict::Incompatible, format!("{what} is gone")),
            _ => self.add(came, Verdict::Newer, format!("{what} is new")),
        }
        if of == "values" && !self.open && old.is_some() != new.is_some() {
            self.add(&CLOSED_VALUE, Verdict::Incompatible, format!("{what} belongs to a closed enum"));
        }
        self.path.pop();
    }

    /// A value of an enum is a number, or a map with one.
    fn numbers(&mut self, old: (&Node, &[Entry]), new: (&Node, &[Entry])) {
        self.key("value", Some(old.0), Some(new.0));
        for key in ["doc", "deprecated", "annotations"] {
            self.key(key, find(old.1, key), find(new.1, key));
        }
    }

    /// The children of two maps or lists: things of a kind, or keys.
    fn children(&mut self, of: Option<&str>, old: Option<&Node>, new: Option<&Node>) {
        let (old, new) = (named(old), named(new));
        let (in_old, in_new) = (places(&old), places(&new));
        let both = old.iter().map(|(name, node)| (name, Some(*node), in_new.get(name).map(|at| new[*at].1)));
        let came =
            new.iter().filter(|(name, _)| !in_old.contains_key(name)).map(|(name, node)| (name, None, Some(*node)));
        for (name, old, new) in both.chain(came) {
            match of {
                Some(of) => self.thing(of, name, old, new),
                None => self.key(name, old, new),
            }
        }
    }

    fn tell(&mut self, rule: &'static Rule, verdict: Verdict, key: &str, old: Option<&Node>, new: Option<&Node>) {
        let said = |node: Option<&Node>| node.map_or_else(|| "not stated".to_owned(), said);
        self.add(rule, verdict, format!("`{key}` was {} and is {}", said(old), said(new)));
    }

    fn add(&mut self, rule: &'static Rule, verdict: Verdict, sentence: String) {
        if rule.level > self.level {
            return;
        }
        let subject = match &self.path[..] {
            [of, name, ..] => match self.package {
                Some(package) if of == "messages" && !name.contains('.') => format!("message {package}.{name}"),
                _ => format!("{} {name}", singular(of)),
            },
            _ => "program".to_owned(),
        };
        let path = self.path.iter().map(|part| "/".to_owned() + &part.replace('~', "~0").replace('/', "~1")).collect();
        self.comparison.add(&subject, Some(Finding { rule, verdict, path, sentence }));
    }
}

/// The children of a map or of a list of named things, by name; nothing has none.
fn named(node: Option<&Node>) -> Vec<(String, &Node)> {
    match node.map(|node| &node.data) {
        Some(Data::Map(entries)) => entries.iter().map(|entry| (entry.key.clone(), &entry.value)).collect(),
        Some(Data::Seq(items)) => items.iter().map(|item| (name_of(item), item)).collect(),
        _ => Vec::new(),
    }
}

fn find<'n>(entries: &'n [Entry], key: &str) -> Option<&'n Node> {
    entries.iter().find(|entry| entry.key == key).map(|entry| &entry.value)
}

fn places(children: &[(String, &Node)]) -> Named<usize> {
    children.iter().enumerate().map(|(at, (name, _))| (name.clone(), at)).collect()
}

/// What a thing in a list is called: a field by its name, a route by its ends, a failover by who fails and takes over.
fn name_of(item: &Node) -> String {
    let text = |key: &str| match item.entry(key).map(|entry| &entry.value.data) {
        Some(Data::Str(text)) => Some(text.clone()),
        _ => None,
    };
    text("name").unwrap_or_else(|| {
        let ends = [text("from").or_else(|| text("source")), text("to").or_else(|| text("target"))];
        ends.into_iter().flatten().collect::<Vec<_>>().join(" -> ")
    })
}

fn number<'n>(of: &str, node: &'n Node) -> Option<(&'n Node, &'n [Entry])> {
    let value = if node.entries().is_empty() { Some(node) } else { node.entry("value").map(|entry| &entry.value) };
    value.filter(|_| of == "values").map(|value| (value, node.entries()))
}

/// An enum is open where it does not say otherwise.
fn is_open(of: &str, node: &Node, outer: bool) -> bool {
    match of {
        "enums" => node.entry("open").is_none_or(|entry| entry.value.data == Data::Bool(true)),
        _ => outer,
    }
}

/// More is newer; none where no number was stated is no bound.
fn room(old: Option<&Node>, new: Option<&Node>) -> Verdict {
    match (old.map(|node| &node.data), new.map(|node| &node.data)) {
        (Some(Data::Int(old)), Some(Data::Int(new))) if new > old => Verdict::Newer,
        (Some(Data::Int(_)), Some(Data::Int(_))) | (None, _) => Verdict::Older,
        _ => Verdict::Newer,
    }
}

fn said(node: &Node) -> String {
    crate::dump::json::print(node).chars().take(80).collect()
}

fn singular(of: &str) -> &str {
    match of {
        "processes" => "process",
        _ => of.strip_suffix('s').unwrap_or(of),
    }
}

#[cfg(test)]
mod tests {
    use super::strange;

    /// Every key of the language.
    const EVERYTHING: &str = r#"{"vil":1,"program":"all","package":"a.b","strict":true,"doc":"d","deprecated":"x","annotations":{"k":1},
"constants":{"C":{"type":"u8","value":1,"doc":"d"}},
"enums":{"E":{"repr":"u8","open":false,"bitmask":true,"aliases":true,"values":{"a":1,"b":{"value":2,"doc":"d"}}}},
"structs":{"S":{"fields":[{"id":1,"name":"f","type":"[E; 2]","optional":true,"default":"a","unit":"m","scale":2.0,"range":[0,null],
 "unknown":1,"used_by":"f","clock":"tai","key":true,"as":"u16","since":"1","doc":"d"}],"constants":{"D":{"type":"str","value":"v"}}},
 "U":{"tag":"u8","open":true,"variants":{"A":{"tag":1,"fields":[{"name":"x","type":"u8"}]}}}},
"messages":{"M":{"kind":"event","layout":"external","memory":"paged_exchange","max_bytes":9,"media_type":"t","adapter":"json","fields":[]}},
"interfaces":{"I":{"ports":{"p":{"direction":"request","message":"M","reply":"M","lane":"data","loans":1,
 "queue":{"kind":"spsc","capacity":1,"backpressure":"block","deadline_ms":1}},"q":{"direction":"in","message":"M"}}}},
"processes":{"a":{"interface":"I","exec":"thread","zone":"native_core","cleanup":"reclaim_orphans","priority":1,"failure_domain":"f",
 "host":"h","instances":2,"forwards":[{"from":"q","to":"p"}],"mutates":["q"],"idempotent":true,
 "observe":{"trace_hop":true,"latency":"l","sample":2}}},
"routes":[{"from":"a.p","to":"a.q","transfer":"copy","boundary":"inter_thread","delivery":"best_effort","verify":"always","queue":{"kind":"mpmc"}}],
"hosts":{"h":{"address":"x"}},
"failovers":[{"source":"a","target":"a","on":"M","strategy":"replace"}]}"#;

    #[test]
    fn the_table_knows_every_key() {
        let (program, _) = crate::load::from_json(EVERYTHING).unwrap_or_else(|faults| panic!("{faults}"));
        let tree = crate::dump::tree(&program);
        let mut found = Vec::new();
        strange(&tree, "", &mut found);
        assert!(found.is_empty(), "{found:?}");
        // Whatever is left out here would not be looked for.
        let keys = crate::dump::canonical_json(&program).matches("\":").count();
        assert!(keys > 90, "{keys} keys");
    }
}
