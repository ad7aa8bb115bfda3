//! Which program writes a topic: each one that does leaves a claim in the topic of the cursors, and the first claim holds,
//! until the program is renamed and claims what it had under its old name.
//!
//! Invariant: a claim is written anew only to take over what its program's old name had, so the order of claims is that of
//! the log, also after compaction. It counts for one id of a topic: one that was deleted and created again belongs to nobody.

use serde::{Deserialize, Serialize};

use super::admin::TopicFound;
use super::cursor::read_all;
use super::errors::ReaderError;
use super::spec::KafkaConnection;

/// The first part of a claim's key. Keys of cursors have two parts, those of claims four.
const OWNER: &str = "owner";

/// `owner/<topic>/<id>/<program>`: neither names of topics nor programs have a slash; ids may.
fn key(topic: &TopicFound, program: &str) -> String {
    format!("{OWNER}/{}/{}/{program}", topic.name, topic.id.as_deref().unwrap_or_default())
}

/// What stands under the key of a claim.
#[derive(Default, Serialize, Deserialize)]
struct Claim {
    /// The program's old name.
    was: Option<String>,
}

/// Who owns the topics that a source feeds.
pub(super) struct Owners<'a> {
    topics: &'a [TopicFound],
    owners: Vec<Option<String>>,
    /// Old names of owners.
    former: Vec<String>,
}

impl<'a> Owners<'a> {
    /// Of these topics none is known yet.
    pub(super) fn of(topics: &'a [TopicFound]) -> Self {
        Self { topics, owners: vec![None; topics.len()], former: vec![] }
    }

    /// The next record of the topic of the cursors.
    pub(super) fn hear(&mut self, key: &[u8], value: Option<&[u8]>) {
        let Ok(key) = std::str::from_utf8(key) else { return };
        let Some((OWNER, rest)) = key.split_once('/') else { return };
        let Some((topic, rest)) = rest.split_once('/') else { return };
        let Some((id, program)) = rest.rsplit_once('/') else { return };
        let claim: Claim = value.and_then(|it| serde_json::from_slice(it).ok()).unwrap_or_default();
        for (found, owner) in self.topics.iter().zip(&mut self.owners) {
            let same = found.name == topic && found.id.as_deref().unwrap_or_default() == id;
            if same && (owner.is_none() || *owner == claim.was) {
                self.former.extend(owner.replace(program.to_string()));
            }
        }
    }

    /// The claims that this program is still to make, key and value; an error if a topic is another one's.
    pub(super) fn missing(&self, program: &str, was: Option<&str>) -> Result<Vec<(String, String)>, ReaderError> {
        let mut missing = vec![];
        for (topic, owner) in self.topics.iter().zip(&self.owners) {
            match owner.as_deref() {
                Some(owner) if owner == program => {}
                Some(owner) if Some(owner) != was && self.former.iter().any(|it| it == program) => {
                    return Err(renamed(program, owner));
                }
                Some(owner) if Some(owner) != was => return Err(owned(&topic.name, owner)),
                owner => {
                    let claim = Claim { was: owner.map(str::to_string) };
                    // Two fields of text: this cannot fail.
                    missing.push((key(topic, program), serde_json::to_string(&claim).unwrap_or_default()));
                }
            }
        }
        Ok(missing)
    }
}

/// Whether these topics are this program's, or nobody's. Claims nothing.
pub fn check(
    connection: &KafkaConnection,
    topics: &[TopicFound],
    program: &str,
    was: Option<&str>,
) -> Result<(), ReaderError> {
    let mut owners = Owners::of(topics);
    read_all(connection, &mut |key, value| owners.hear(key, value))?;
    owners.missing(program, was).map(drop)
}

fn renamed(program: &str, owner: &str) -> ReaderError {
    let message = format!("the topics of `{program}` have gone to `{owner}`, its new name");
    ReaderError::would_lose("positions-gone", message).help("run the program under its new name")
}

fn owned(topic: &str, owner: &str) -> ReaderError {
    let message = format!("topic `{topic}` is written by the program `{owner}`: records of both would be mixed in it");
    ReaderError::configuration("topic-of-another-program", message).help(format!(
        "give the topic of this program a name of its own (`name = \"…\"`), or read the one of `{owner}` without `from`; if this \
         is `{owner}` under a new name, write `was = \"{owner}\"` in the `pipeline` block; if `{owner}` is no more, delete the topic"
    ))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn topics() -> Vec<TopicFound> {
        let topic = |name: &str, id: &str| TopicFound {
            name: name.to_string(),
            partitions: 1,
            id: Some(id.to_string()),
            created: false,
        };
        vec![topic("orders", "a"), topic("lines", "b")]
    }

    /// Hears the claims that are missing, and says under which keys they stand.
    fn claim(owners: &mut Owners<'_>, program: &str, was: Option<&str>) -> Vec<String> {
        let claims = owners.missing(program, was).unwrap();
        claims.iter().for_each(|(key, value)| owners.hear(key.as_bytes(), Some(value.as_bytes())));
        claims.into_iter().map(|it| it.0).collect()
    }

    #[test]
    fn the_first_claim_holds() {
        let topics = topics();
        let mut owners = Owners::of(&topics);
        // A cursor, a topic of the same name that is no more, and a topic that is not ours.
        ["owner/orders", "owner/orders/z/other", "owner/else/a/other"]
            .iter()
            .for_each(|it| owners.hear(it.as_bytes(), None));
        assert_eq!(claim(&mut owners, "shop", None), ["owner/orders/a/shop", "owner/lines/b/shop"]);
        owners.hear(b"owner/orders/a/late", Some(b"{}"));
        assert_eq!(claim(&mut owners, "shop", None), [""; 0]);
        assert_eq!(owners.missing("late", None).unwrap_err().name, "topic-of-another-program");
    }

    #[test]
    fn an_id_with_a_slash_is_heard() {
        let mut topics = topics();
        topics.truncate(1);
        topics.first_mut().unwrap().id = Some("x/y+/z".to_string());
        let mut owners = Owners::of(&topics);
        assert_eq!(claim(&mut owners, "shop", None), ["owner/orders/x/y+/z/shop"]);
        assert_eq!(claim(&mut owners, "shop", None), [""; 0], "else it would be claimed for ever");
    }

    #[test]
    fn a_renamed_program_takes_its_topics_along_and_may_go_back() {
        let topics = topics();
        let mut owners = Owners::of(topics.get(..1).unwrap());
        assert_eq!(claim(&mut owners, "old", None), ["owner/orders/a/old"]);
        assert_eq!(claim(&mut owners, "new", Some("old")), ["owner/orders/a/new"]);
        assert_eq!(claim(&mut owners, "new", Some("old")), [""; 0]);
        assert_eq!(claim(&mut owners, "new", None), [""; 0]);
        assert_eq!(owners.missing("old", None).unwrap_err().name, "positions-gone");
        assert_eq!(owners.missing("else", None).unwrap_err().name, "topic-of-another-program");
        assert_eq!(claim(&mut owners, "old", Some("new")), ["owner/orders/a/old"]);
    }
}
