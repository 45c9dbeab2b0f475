//! Again and again some of the village are killed at once, at a random moment, also while they enter or recover; others
//! take their places. In the end everything that was promised has arrived.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use vil_tests::random::Random;
use vil_tests::soak;

use crate::child::{Manner, Other, pass};
use crate::manners::has_namespaces;
use crate::roles::PEOPLE;
use crate::village::{INLETS, Village};

/// Kills of the short form.
const KILLS: u64 = 1000;
/// Kills between two looks at whether everybody gets on.
const LOOK_EVERY: u64 = 50;

/// Manners by chance; a machine without namespaces has the others.
fn manners() -> Vec<Manner> {
    use Manner::{Execs, Forks, Plain, Unshared};
    let mut manners = vec![Plain, Plain, Plain, Plain, Plain, Forks, Forks, Execs];
    if has_namespaces(&std::env::temp_dir()) {
        manners.push(Unshared);
    }
    manners
}

/// A village at work.
struct Campaign {
    village: Village,
    people: Vec<Other>,
    /// Those whose fork children or stand-ins may still live.
    shadows: Vec<Other>,
    manners: Vec<Manner>,
    random: Random,
    kills: BTreeMap<&'static str, u64>,
    stops: u64,
}

impl Campaign {
    fn new() -> Campaign {
        let village = Village::new("kills");
        let people = PEOPLE.map(|role| Other::start(role, &village.dir, Manner::Plain)).into();
        let (manners, random) = (manners(), Random::new("kills"));
        Campaign { village, people, shadows: Vec::new(), manners, random, kills: BTreeMap::new(), stops: 0 }
    }

    /// Sometimes somebody stands still while others are killed; also one who is killed may have stood still.
    fn storm(&mut self) {
        let still = self.random.below(5 * PEOPLE.len() as u64) as usize;
        if let Some(person) = self.people.get(still) {
            person.signal(libc::SIGSTOP);
            self.stops += 1;
        }
        self.strike();
        if let Some(person) = self.people.get(still) {
            person.signal(libc::SIGCONT);
        }
    }

    /// Kills some at once, and starts others in their places.
    fn strike(&mut self) {
        pass(Duration::from_micros(self.random.below(12_000)));
        let chosen = 1 + self.random.below((1 << PEOPLE.len()) - 1);
        let victims: Vec<usize> = (0..PEOPLE.len()).filter(|person| chosen & 1 << person != 0).collect();
        victims.iter().for_each(|person| self.people[*person].signal(libc::SIGKILL));
        for person in victims {
            self.people[person].kill();
            let next = Other::start(PEOPLE[person], &self.village.dir, *self.random.one(&self.manners));
            self.shadows.push(std::mem::replace(&mut self.people[person], next));
            *self.kills.entry(PEOPLE[person]).or_default() += 1;
        }
        // Fork children live for a while after their parents.
        let gone = self.shadows.len().saturating_sub(12);
        self.shadows.drain(..gone);
    }

    /// Nobody who is about to become another program is left, and everybody gets on.
    fn look(&mut self) {
        for (person, role) in self.people.iter_mut().zip(PEOPLE) {
            person.kill();
            *person = Other::start(role, &self.village.dir, Manner::Plain);
            *self.kills.entry(role).or_default() += 1;
        }
        self.village.thrives(&INLETS, 20);
    }

    fn kills(&self) -> u64 {
        self.kills.values().sum()
    }
}

#[test]
fn nothing_is_lost_invented_or_leaked_when_anybody_is_killed_again_and_again() {
    let mut campaign = Campaign::new();
    campaign.village.thrives(&INLETS, 1);
    let end = soak::seconds().map(|seconds| Instant::now() + Duration::from_secs(seconds));
    let goes_on = |kills| end.map_or(kills < KILLS, |end| Instant::now() < end);
    let mut looks = 0;
    while goes_on(campaign.kills()) {
        campaign.storm();
        if campaign.kills() / LOOK_EVERY > looks {
            looks = campaign.kills() / LOOK_EVERY;
            campaign.look();
        }
    }
    campaign.look();
    campaign.shadows.clear();
    let [arrived, again, lost] = campaign.village.ends(&mut campaign.people, campaign.kills.values().sum());
    println!("{} kills, {} stops: {:?}", campaign.kills(), campaign.stops, campaign.kills);
    println!("{arrived} messages arrived, {again} of them again, {lost} lost with their takers");
    soak::report("kills", campaign.kills());
    soak::report("kills_messages", arrived);
}
