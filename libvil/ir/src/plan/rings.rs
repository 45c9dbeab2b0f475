//! Rings and the slots they need: one ring a route in the order written, then one for the answers of each request.

use super::derive::{
    Shared, answer_delivery, answer_transfer, backpressure, capacity, deadline_ms, delivery, instances, is_claimed,
    lane, loans, queue_kind, sample, transfer,
};
use super::{ClassPlan, MessagePlan, PlanError, RoutePlan, port, refuse, stride};
use crate::keyed::Keyed;
use crate::limits::{INLINE_SIZE, MAX_SLOTS};
use crate::model::{End, Message, Port, Program, Route};
use crate::vocabulary::{Delivery, Direction, MemoryClass, Transfer};

/// A ring, and the slots it needs beyond its cells.
pub(super) struct Ring {
    pub(super) plan: RoutePlan,
    /// `None` when messages travel inside the cell.
    slots: Option<Slots>,
}

/// Slots of one ring.
struct Slots {
    memory: MemoryClass,
    stride: u32,
    count: u64,
}

/// A route with its ends found.
struct Ends<'p> {
    program: &'p Program,
    route: &'p Route,
    source: &'p Port,
    target: &'p Port,
    place: String,
}

/// What one of a route's rings carries, and how.
struct Load<'p> {
    message: u32,
    size: u32,
    declared: &'p Message,
    transfer: Transfer,
    delivery: Delivery,
    claimed: bool,
}

/// All rings of a program.
pub(super) fn rings(program: &Program, messages: &[MessagePlan]) -> Result<Vec<Ring>, PlanError> {
    let mut rings = Vec::with_capacity(program.routes.len());
    let mut answers = Vec::new();
    let shared = Shared::of(program);
    for (index, route) in program.routes.iter().enumerate() {
        let ends = ends(program, route)?;
        let load = carried(&ends, &shared, messages)?;
        rings.push(ring(&ends, &load));
        if let Some(load) = answered(&ends, messages)? {
            answers.push(answer(ring(&ends, &load), index as u32));
        }
    }
    rings.append(&mut answers);
    Ok(rings)
}

fn ends<'p>(program: &'p Program, route: &'p Route) -> Result<Ends<'p>, PlanError> {
    let place = format!("{} -> {}", route.from, route.to);
    let (source, target) = (port(program, &route.from)?, port(program, &route.to)?);
    let directions = (source.direction, target.direction);
    if !matches!(directions, (Direction::Out, Direction::In) | (Direction::Request, Direction::Response)) {
        return refuse(place, "a route leads from an out port to an in port, or from a request to a response port");
    }
    Ok(Ends { program, route, source, target, place })
}

fn carried<'p>(ends: &Ends<'p>, shared: &Shared<'_>, messages: &[MessagePlan]) -> Result<Load<'p>, PlanError> {
    let Ends { program, route, source, target, .. } = ends;
    let (message, size, declared) = message(ends, messages, &source.message, &target.message)?;
    let transfer = transfer(program, shared, route, source, declared);
    Ok(Load {
        message,
        size,
        declared,
        transfer,
        delivery: delivery(program, route, source, declared, transfer),
        claimed: is_claimed(program, route, source),
    })
}

/// The answers to a request; `None` for routes of out ports.
fn answered<'p>(ends: &Ends<'p>, messages: &[MessagePlan]) -> Result<Option<Load<'p>>, PlanError> {
    if ends.source.direction != Direction::Request {
        return Ok(None);
    }
    let (Some(from), Some(to)) = (&ends.target.reply, &ends.source.reply) else {
        return refuse(ends.place.clone(), "a request without a reply");
    };
    let (message, size, declared) = message(ends, messages, from, to)?;
    let (transfer, delivery) =
        (answer_transfer(ends.program, ends.route, declared), answer_delivery(ends.program, ends.route, declared));
    let claimed = is_claimed(ends.program, ends.route, ends.source);
    Ok(Some(Load { message, size, declared, transfer, delivery, claimed }))
}

/// Position, size and declaration of the message that both ends name.
fn message<'p>(
    ends: &Ends<'p>,
    messages: &[MessagePlan],
    from: &str,
    to: &str,
) -> Result<(u32, u32, &'p Message), PlanError> {
    if from != to {
        return refuse(ends.place.clone(), format!("the ends disagree: {from} and {to}"));
    }
    let found = messages.binary_search_by(|message| message.name.as_str().cmp(from));
    match (found, ends.program.messages.get(from)) {
        (Ok(index), Some(declared)) => Ok((index as u32, messages[index].size, declared)),
        _ => refuse(ends.place.clone(), format!("there is no message {from}")),
    }
}

fn ring(ends: &Ends<'_>, load: &Load<'_>) -> Ring {
    let Ends { program, route, source, target, .. } = *ends;
    let memory = super::memory(load.declared);
    let is_small = load.size <= INLINE_SIZE && matches!(memory, MemoryClass::PagedExchange | MemoryClass::ControlHeap);
    let inline = load.transfer == Transfer::Copy && is_small;
    let plan = RoutePlan {
        from: route.from.clone(),
        to: route.to.clone(),
        message: load.message,
        size: load.size,
        class: None,
        cell_size: cell_size(inline.then_some(load.size), load.claimed),
        kind: queue_kind(program, route, source),
        answers: None,
        capacity: capacity(program, route, source),
        producer_loans: loans(program, source),
        consumer_loans: loans(program, target),
        transfer: load.transfer,
        delivery: load.delivery,
        backpressure: backpressure(program, route, source, load.delivery),
        deadline_ms: deadline_ms(program, route, source),
        lane: lane(program, source),
        sample: sample(program, route),
    };
    let moves = load.claimed || load.transfer == Transfer::ConsumeOnce;
    let count = need(program, &plan, moves);
    Ring { plan, slots: (!inline).then(|| Slots { memory, stride: stride(load.size), count }) }
}

/// Bytes of a cell: its stamp and what it names, in cells with a third word that as well; or the message itself (`carried`,
/// bytes), behind the stamp or all three words.
fn cell_size(carried: Option<u32>, has_third_word: bool) -> u32 {
    let words = match (has_third_word, carried) {
        (true, _) => 3,
        (false, None) => 2,
        (false, Some(_)) => 1,
    };
    (words * 8 + carried.unwrap_or(0)).next_power_of_two().max(16)
}

/// Slots that may be out at once: those in the ring, those on loan, and, where they change hands, those in the hands of
/// consumers.
fn need(program: &Program, ring: &RoutePlan, moves: bool) -> u64 {
    let held = |end: &End, loans: u32| u64::from(loans) * u64::from(instances(program, &end.process));
    let taken = if moves { held(&ring.to, ring.consumer_loans) } else { 0 };
    u64::from(ring.capacity).saturating_add(held(&ring.from, ring.producer_loans)).saturating_add(taken)
}

/// The ring that leads back; its cells name the request that is answered.
fn answer(ring: Ring, request: u32) -> Ring {
    let plan = ring.plan;
    let plan = RoutePlan {
        from: plan.to,
        to: plan.from,
        producer_loans: plan.consumer_loans,
        consumer_loans: plan.producer_loans,
        cell_size: cell_size(ring.slots.is_none().then_some(plan.size), true),
        answers: Some(request),
        ..plan
    };
    let loans = u64::from(plan.producer_loans);
    let slots = ring.slots.map(|slots| Slots { count: u64::from(plan.capacity) + loans, ..slots });
    Ring { plan, slots }
}

/// Size classes of all rings, by stride and memory; each ring learns its own.
pub(super) fn classes(rings: &mut [Ring]) -> Result<Vec<ClassPlan>, PlanError> {
    let total = slots(rings);
    if total > u64::from(MAX_SLOTS) {
        let place = rings.last().map_or(String::new(), |ring| ring.plan.name());
        return refuse(place, format!("{total} slots; at most {MAX_SLOTS}"));
    }
    let mut counts: Keyed<(u32, MemoryClass), u64> = Keyed::new();
    for (slots, count) in needs(rings) {
        *counts.or_default((slots.stride, slots.memory)) += count;
    }
    let keys: Vec<(u32, MemoryClass)> = counts.keys().copied().collect();
    for ring in rings {
        let key = ring.slots.as_ref().map(|slots| (slots.stride, slots.memory));
        ring.plan.class = key.and_then(|key| keys.binary_search(&key).ok()).map(|class| class as u32);
    }
    let class = |(&(stride, memory), count): (&_, &u64)| ClassPlan { stride, count: *count as u32, memory };
    Ok(counts.iter().map(class).collect())
}

/// Slots of all rings together.
pub(super) fn slots(rings: &[Ring]) -> u64 {
    needs(rings).fold(0, |sum, (_, count)| sum.saturating_add(count))
}

/// Bytes of the slots of all rings together.
pub(super) fn bytes(rings: &[Ring]) -> u64 {
    needs(rings).fold(0, |sum, (slots, count)| sum.saturating_add(count.saturating_mul(slots.stride.into())))
}

/// What each ring adds. A message that is shared lies in one slot: of the rings of one port only the one that needs
/// most counts.
fn needs(rings: &[Ring]) -> impl Iterator<Item = (&Slots, u64)> {
    let mut shared: Keyed<&End, Option<u64>> = Keyed::new();
    for ring in rings.iter().filter(|ring| ring.plan.transfer == Transfer::ShareRead) {
        let most = shared.or_default(&ring.plan.from);
        *most = ring.slots.as_ref().map(|slots| slots.count).max(*most).or(Some(0));
    }
    rings.iter().filter_map(move |ring| {
        let slots = ring.slots.as_ref()?;
        match ring.plan.transfer {
            Transfer::ShareRead => Some((slots, shared.get_mut(&ring.plan.from)?.take()?)),
            _ => Some((slots, slots.count)),
        }
    })
}
