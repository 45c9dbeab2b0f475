//! The campaigns: which stories are told in which towns, with which layers.

use std::cell::RefCell;
use std::rc::Rc;

use vil_core::base::crash::set_hook;

use crate::phrases::Dice;
use crate::run::{Layers, Run};
use crate::score::Score;
use crate::town::{Town, several, single};

/// Tells one story and adds what it showed. A panic is a violation as well.
pub(crate) fn tell(town: &Rc<Town>, layers: Layers, total: &mut Score, story: impl FnOnce(&mut Run)) {
    let score = Rc::new(RefCell::new(Score::default()));
    let told = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let mut run = Run::new(town, layers, &score);
        story(&mut run);
    }));
    set_hook(None);
    if told.is_err() {
        score.borrow_mut().violations.push(format!("a panic in town `{}`", town.name));
    }
    total.add(score.take());
}

/// The recital on every route.
pub(crate) fn recital(run: &mut Run) {
    for route in 0..run.private.lines.len() {
        run.recite(route);
    }
    run.disperse();
}

const ALL: Layers = Layers { single: true, takeover: 1, duel: 4 };

#[test]
fn first() {
    let start = std::time::Instant::now();
    let mut score = Score::default();
    for town in single().iter().chain(&several()) {
        let mut one = Score::default();
        tell(town, ALL, &mut one, recital);
        println!("{} {} {:?} {:?}", town.name, one.total(), one.checks, start.elapsed());
        for v in &one.violations {
            println!("V {v}");
        }
        score.add(one);
    }
    println!("{score}\n{:?}", start.elapsed());
    for town in single().iter().chain(&several()) {
        for seed in 0..20 {
            tell(town, Layers { single: true, takeover: 0, duel: 0 }, &mut score, |run| {
                run.ramble(&mut Dice::new(seed), 60)
            });
        }
    }
    println!("{score}\n{:?}", start.elapsed());
}
