//! Creating, opening and leaving a world.

use std::fs::File;
use std::ops::RangeInclusive;
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use vil_ir::plan::Plan;

use crate::base::atomic::Barrier;
use crate::base::error::{Error, Fault};
use crate::base::limits::PAGE;
use crate::base::words::ProcessId;
use crate::exchange::InEnd;
use crate::mem::{Catalog, Geometry, HEADER_SIZE, Shared, corrupt, decode, peek_sizes};
use crate::registry::trail::{self, Event, Kind};
use crate::registry::{self, Language, Liveness, Outcome};
use crate::sys::file::{RuntimeDir, WorldPath};
use crate::sys::map::Mapping;
use crate::sys::process::Stat;
use crate::sys::token::{self, Token};
use crate::sys::{fork, futex, membarrier, process};
use crate::world::contract::{Contract, check};
use crate::world::ends::Index;
use crate::world::entry::{Probe, take_entry};
use crate::world::ground::{Ground, clear_abandoned, vacant};
use crate::world::memory::pin;
use crate::world::patience::Patience;
use crate::world::proof::Proofs;
use crate::world::watcher::Watcher;

/// Did `open_or_create` make the world or find it?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opened {
    /// This call made it.
    Created,
    /// It was there.
    Found,
}

/// An attachment to a world: one entry of its process table, held by a token of the kernel. Shared by all ends that
/// were opened through it; the last one to go detaches. May be used from several threads.
#[derive(Debug)]
pub struct World {
    // Dropped in this order: the mapping in `shared` goes before the token's file. `drop` gives the byte itself back
    // before both: every end holds an Arc of this, so none is left that could write.
    pub(super) shared: Shared,
    token: Token,
    proofs: Proofs,
    path: WorldPath,
    catalog: Catalog,
    me: ProcessId,
    role: Option<String>,
    cancels: AtomicU32,
    sleeps: AtomicU64,
    watcher: Mutex<Option<Watcher>>,
    generation: u32,
    pub(super) patience: Patience,
    index: OnceLock<Index>,
    /// Consuming ends that were closed while messages they lent on were still being read.
    lingering: Mutex<Vec<InEnd>>,
}

impl Liveness for World {
    fn is_free(&self, process: ProcessId) -> bool {
        // Asked through its own file, a token would seem to be free.
        process != self.me && self.proofs.is_dead(self.token.file(), &self.shared, process)
    }

    fn me(&self) -> Option<ProcessId> {
        Some(self.me)
    }
}

/// Liveness for a newcomer, which asks the kernel once about each process: a free token proves a death. One that a child
/// of the dead keeps is seen through by whoever needs what they had.
struct Glance<'a>(&'a World);

impl Liveness for Glance<'_> {
    fn is_free(&self, process: ProcessId) -> bool {
        process != self.0.me && token::is_free(self.0.token.file(), process)
    }

    fn me(&self) -> Option<ProcessId> {
        Some(self.0.me)
    }
}

/// How often an open is tried again when the world is replaced under it.
const TRIES: u32 = 100;

/// How often a watcher may look: not so often that it takes a processor, and at least once an hour.
const WATCH: RangeInclusive<Duration> = Duration::from_millis(1)..=Duration::from_secs(3600);

/// Who has no role.
const NOBODY: Contract<'static> = Contract { process: None, ports: &[] };

/// How long an open waits for a creator that clears an abandoned world away, each time.
const PATIENCE: Duration = Duration::from_micros(200);

impl World {
    /// Creates a world and opens it. A world of this name in which nobody lives any more is replaced; one with a
    /// living process is `Exists`.
    pub fn create(dir: &RuntimeDir, name: &str, plan: &Plan, contract: &Contract<'_>) -> Result<Arc<World>, Error> {
        World::create_with(dir, name, plan, contract, Barrier::Membarrier)
    }

    /// As `create`, with a wish; where this process cannot make membarriers it becomes fences.
    pub fn create_with(
        dir: &RuntimeDir,
        name: &str,
        plan: &Plan,
        contract: &Contract<'_>,
        wish: Barrier,
    ) -> Result<Arc<World>, Error> {
        World::make(&dir.world(name)?, plan, contract, wish, clear_abandoned)
    }

    /// Creates a world that has no name for others and is in no directory: this process's alone, gone when it is closed.
    pub fn create_private(name: &str, plan: &Plan, wish: Barrier) -> Result<Arc<World>, Error> {
        let path = WorldPath::private(name)?;
        let ground = Ground::new(&path, plan, &NOBODY, wish)?;
        let (token, ()) = Token::open(|| Ok((path.in_memory()?, ())))?;
        ground.build(token, "private memory").map(Arc::new)
    }

    /// Opens a world. `NotFound`, `Owner`, `Abi`, `Corrupt` and `Contract` say what is wrong and what to do.
    pub fn open(dir: &RuntimeDir, name: &str, contract: &Contract<'_>) -> Result<Arc<World>, Error> {
        World::attach(&dir.world(name)?, contract)
    }

    /// Opens a world, or creates it when there is none; of several processes one creates and the others open.
    pub fn open_or_create(
        dir: &RuntimeDir,
        name: &str,
        plan: &Plan,
        contract: &Contract<'_>,
    ) -> Result<(Arc<World>, Opened), Error> {
        World::open_or_create_with(dir, name, plan, contract, Barrier::Membarrier)
    }

    /// As `open_or_create`, with the wish of `create_with` for a world that is made.
    pub fn open_or_create_with(
        dir: &RuntimeDir,
        name: &str,
        plan: &Plan,
        contract: &Contract<'_>,
        wish: Barrier,
    ) -> Result<(Arc<World>, Opened), Error> {
        let path = dir.world(name)?;
        for _ in 0..TRIES {
            match World::attach(&path, contract) {
                Err(error) if error.fault == Fault::NotFound => {}
                found => return Ok((found?, Opened::Found)),
            }
            // What somebody made and left meanwhile is found, not replaced: messages may be waiting in it.
            match World::make(&path, plan, contract, wish, vacant) {
                Err(error) if error.fault == Fault::Exists => {}
                made => return Ok((made?, Opened::Created)),
            }
        }
        Err(Error::new(Fault::Busy, format!("world `{name}` is created and removed again and again")))
    }

    /// Removes a world's name; who has it open keeps it.
    pub fn unlink(dir: &RuntimeDir, name: &str) -> Result<(), Error> {
        let path = dir.world(name)?;
        let _lock = path.lock()?;
        path.unlink()
    }

    /// Makes a world, lives in it, and then gives it its name: a crash before that leaves nothing. Other creators are
    /// kept out until then, and who opens it by its name finds somebody who lives there.
    fn make(
        path: &WorldPath,
        plan: &Plan,
        contract: &Contract<'_>,
        wish: Barrier,
        make_room: impl FnOnce(&WorldPath) -> Result<(), Error>,
    ) -> Result<Arc<World>, Error> {
        let ground = Ground::new(path, plan, contract, wish)?;
        let _lock = path.lock()?;
        make_room(path)?;
        let (token, ()) = Token::open(|| Ok((path.unnamed()?, ())))?;
        let world = ground.build(token, &path.place())?;
        path.link(world.token.file())?;
        Ok(Arc::new(world))
    }

    fn attach(path: &WorldPath, contract: &Contract<'_>) -> Result<Arc<World>, Error> {
        for _ in 0..TRIES {
            let (token, about) = Token::open(|| path.open())?;
            let (catalog, geometry) = read(token.file(), about.size)?;
            check(&catalog.plan, path.name(), contract)?;
            // A creator may be clearing the file away, or have replaced it since it was opened.
            if !token.enter() || !path.leads_to(about) {
                std::thread::sleep(PATIENCE);
                continue;
            }
            let world = World::enter(path, token, catalog, geometry, contract.process)?;
            world.token.entered();
            // Orphans are left to whoever finds the pool short: to look for them takes a walk over all slots.
            registry::recover_each(&world.shared, &Glance(&world));
            return Ok(Arc::new(world));
        }
        Err(Error::new(Fault::Busy, format!("world `{}` is replaced again and again", path.name())))
    }

    /// Lives in a world whose file this is.
    pub(super) fn enter(
        path: &WorldPath,
        token: Token,
        catalog: Catalog,
        geometry: Geometry,
        role: Option<&str>,
    ) -> Result<World, Error> {
        let os = |error: std::io::Error| Error::from_os(&format!("world `{}`", path.name()), &error);
        let stat = process::own_stat();
        take_part(&catalog, path.name(), stat)?;
        let mapping = Mapping::new(token.file(), geometry.total_size).map_err(os)?;
        pin(&mapping, &geometry, path.name())?;
        let corrupt = || Error::new(Fault::Corrupt, format!("world `{}` is smaller than its header says", path.name()));
        let shared = Shared::map(mapping, geometry).ok_or_else(corrupt)?.with_barrier(catalog.barrier);
        let proofs = Proofs::new(shared.geometry.processes);
        let probe = Probe { shared: &shared, proofs: &proofs, token: &token };
        let me = take_entry(&probe, role.unwrap_or(""), proofs.own(stat)).map_err(os)?;
        let Some(me) = me else {
            let message =
                format!("world `{}` has {} process entries and all are taken", path.name(), shared.geometry.processes);
            return Err(Error::new(Fault::Limit, message));
        };
        tracing::debug!(world = path.name(), entry = me.0, "attached");
        let stages = shared.geometry.stages as usize;
        Ok(World {
            shared,
            token,
            proofs,
            path: path.clone(),
            me,
            role: role.map(str::to_owned),
            cancels: AtomicU32::new(0),
            sleeps: AtomicU64::new(0),
            watcher: Mutex::new(None),
            generation: fork::generation(),
            patience: Patience::of(stages),
            index: OnceLock::new(),
            lingering: Mutex::default(),
            catalog,
        })
    }

    /// The world's name.
    pub fn name(&self) -> &str {
        self.path.name()
    }

    /// What the world says of itself, privately copied at attach.
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// The world's bytes and geometry.
    pub fn shared(&self) -> &Shared {
        &self.shared
    }

    /// Our process entry.
    pub fn me(&self) -> ProcessId {
        self.me
    }

    /// Our process in the program; `None` has no role.
    pub fn role(&self) -> Option<&str> {
        self.role.as_deref()
    }

    /// Says which language our calls come from, for people.
    pub fn speak(&self, language: Language) {
        registry::speak(&self.shared, self.me, language);
    }

    /// Are we a fork child of the process that opened the world? Then nothing of it may be used.
    #[inline(always)]
    pub fn is_forked(&self) -> bool {
        self.generation != fork::generation()
    }

    /// Recovers every dead process and sweeps. Answers how many this call finished.
    pub fn recover(&self) -> u32 {
        self.settle_lingering();
        registry::recover_all(&self.shared, self)
    }

    /// Recovers one entry if its process is dead, and sweeps. `Argument` when there is no such entry.
    pub fn recover_entry(&self, entry: u32) -> Result<registry::Outcome, Error> {
        let process = u16::try_from(entry).ok().filter(|_| entry < self.shared.geometry.processes).map(ProcessId);
        let Some(process) = process else {
            let message = format!("entry {entry}; the table has {}", self.shared.geometry.processes);
            return Err(Error::new(Fault::Argument, message));
        };
        let outcome = registry::recover(&self.shared, self, process);
        registry::sweep(&self.shared);
        Ok(outcome)
    }

    /// Is the process of an entry proven dead? An entry that does not exist is nobody's.
    pub fn is_dead(&self, process: ProcessId) -> bool {
        u32::from(process.0) >= self.shared.geometry.processes || self.is_free(process)
    }

    /// Which routes lead from and to which port.
    pub(super) fn index(&self) -> &Index {
        self.index.get_or_init(|| Index::new(&self.catalog.plan))
    }

    /// Starts a thread that recovers and sweeps this often, or gives the one there is another pace. It ends with
    /// `unwatch` or with the last user of this attachment.
    pub fn watch(self: &Arc<World>, interval: Duration) -> Result<(), Error> {
        if !WATCH.contains(&interval) {
            let message = format!("an interval of {interval:?}; {:?} to {:?} are legal", WATCH.start(), WATCH.end());
            return Err(Error::new(Fault::Argument, message));
        }
        let mut watcher = self.watcher();
        match &*watcher {
            Some(running) => running.set(interval),
            None => *watcher = Some(Watcher::start(Arc::downgrade(self), interval)?),
        }
        Ok(())
    }

    /// Ends the watching thread and waits for it; false when there is none.
    pub fn unwatch(&self) -> bool {
        let running = self.watcher().take();
        running.is_some()
    }

    fn watcher(&self) -> MutexGuard<'_, Option<Watcher>> {
        self.watcher.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Tells the trail what we did on a route.
    pub(super) fn record(&self, kind: Kind, route: usize) {
        trail::record(&self.shared, Event::new(kind, self.me).on(route));
    }

    /// Recovers one process if it is dead.
    pub(super) fn recover_process(&self, process: ProcessId) -> Outcome {
        if u32::from(process.0) >= self.shared.geometry.processes {
            return Outcome::Free;
        }
        registry::recover(&self.shared, self, process)
    }

    /// Keeps a closed consuming end until what it lent on is released. When we leave before that, recovery sees to it.
    pub(super) fn keep_lingering(&self, end: InEnd) {
        self.lingering().push(end);
    }

    /// Closes the lingering ends that can be closed by now; says whether others are left.
    pub(super) fn settle_lingering(&self) -> bool {
        let mut ends = self.lingering();
        ends.retain_mut(|end| !end.close(&self.shared));
        !ends.is_empty()
    }

    /// Is the consuming end of a route one of those that linger, after those that can be closed were?
    pub(super) fn is_lingering(&self, route: usize) -> bool {
        self.settle_lingering() && self.lingering().iter().any(|end| end.route() == route)
    }

    fn lingering(&self) -> MutexGuard<'_, Vec<InEnd>> {
        // A panic in a close leaves ends that are as good as before.
        self.lingering.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Futex word of our role; of the first process of the program without one. `None`: a world without routes.
    pub(super) fn own_flag(&self) -> Option<u64> {
        self.flags().next()
    }

    /// Recovers, sweeps and walks every slot.
    pub fn audit(&self) -> registry::Audit {
        self.recover();
        registry::audit(&self.shared)
    }

    /// Sleeps of this attachment's waits so far, a slice or less each.
    pub fn sleeps(&self) -> u64 {
        // ORDER: Relaxed, a counter publishes nothing.
        self.sleeps.load(Ordering::Relaxed)
    }

    pub(super) fn count_sleep(&self) {
        // ORDER: Relaxed, a counter publishes nothing.
        self.sleeps.fetch_add(1, Ordering::Relaxed);
    }

    /// Wakes every wait of this attachment's ends, once each. Async-signal-safe.
    pub fn cancel(&self) {
        // ORDER: Release, pairs with the Acquire in `cancels`; the bump below makes a sleeper look.
        self.cancels.fetch_add(1, Ordering::Release);
        self.rouse();
    }

    /// Makes every sleeper of this attachment look again at what it waits for. Async-signal-safe.
    pub(super) fn rouse(&self) {
        for flag in self.flags() {
            let flag = self.shared.segment.flag(flag);
            flag.bump("cancel");
            futex::wake(flag.raw());
        }
    }

    /// Counts the calls of `cancel`.
    pub(super) fn cancels(&self) -> u32 {
        // ORDER: Acquire, pairs with the Release in `cancel`.
        self.cancels.load(Ordering::Acquire)
    }

    /// Futex words on which this attachment's ends sleep: its role's, or every one without a role, which bumps
    /// strangers' too and only makes them look again.
    fn flags(&self) -> impl Iterator<Item = u64> + '_ {
        let ends = self.catalog.plan.routes.iter().zip(&self.shared.geometry.rings);
        ends.flat_map(|(route, ring)| {
            [(route.from.process.as_str(), ring.producer_flag), (route.to.process.as_str(), ring.consumer_flag)]
        })
        .filter(|(process, _)| self.role.as_deref().is_none_or(|role| role == *process))
        .map(|(_, flag)| flag)
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if self.is_forked() {
            return;
        }
        self.settle_lingering();
        registry::leave(&self.shared, self.me);
        tracing::debug!(world = self.path.name(), entry = self.me.0, "detached");
        self.token.give_back(self.me);
    }
}

/// Makes this process one that the world's barriers reach.
fn take_part(catalog: &Catalog, name: &str, stat: Option<Stat>) -> Result<(), Error> {
    if catalog.barrier == Barrier::Fences {
        return Ok(());
    }
    membarrier::take_part(stat.map(|stat| stat.threads)).map_err(|error| {
        let message = format!(
            "world `{name}` orders its memory by the kernel's membarrier, which this process may not call ({error}); \
             allow it here (it is forbidden by a sandbox, or the kernel is older than 4.16), or create the world with \
             VIL_WORLD_FENCES"
        );
        Error::new(Fault::Barrier, message)
    })
}

/// Copies the static part once and computes everything privately.
pub(crate) fn read(file: &File, size: u64) -> Result<(Catalog, Geometry), Error> {
    if size < HEADER_SIZE {
        return Err(corrupt(format!("the file has {size} bytes; remove it and create it again")));
    }
    let short = |error: std::io::Error| corrupt(format!("it cannot be read: {error}"));
    // A page holds the header, and all of a small world's static part.
    let mut bytes = vec![0; size.min(PAGE) as usize];
    file.read_exact_at(&mut bytes, 0).map_err(short)?;
    let (total, fixed) = peek_sizes(&bytes[..HEADER_SIZE as usize], size)?;
    let read = bytes.len();
    bytes.resize(fixed as usize, 0);
    if let Some(rest) = bytes.get_mut(read..) {
        file.read_exact_at(rest, read as u64).map_err(short)?;
    }
    let catalog = decode(&bytes)?;
    let geometry = Geometry::compute(&catalog.plan, fixed).map_err(corrupt)?;
    if geometry.total_size != total {
        return Err(corrupt(format!("its tables need {} bytes, its header says {total}", geometry.total_size)));
    }
    Ok((catalog, geometry))
}
