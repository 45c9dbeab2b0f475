//! `vil make`: makes the world of a program and leaves it to the processes that will live in it.

use std::path::PathBuf;
use std::process::ExitCode;

use vil_core::base::atomic::Barrier;
use vil_core::base::error::{Error, Fault};
use vil_core::sys::file::RuntimeDir;
use vil_core::world::{Contract, Opened, World};
use vil_ir::plan::{Plan, plan_program};

use crate::output;
use crate::source::{self, FAULTY, UNREADABLE};

/// Make the world of a program before its processes start: they find it, and need no memory and no time for making one.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  vil make credit.yaml                     a world called as the program is
  vil make credit.yaml tuesday             a world of another name
  vil make --fences credit.yaml            for processes that may not call membarrier(2)

All memory of a world is taken when it is made. It waits until processes open it, and outlives them; `vil reap` removes it \
while nobody lives in it. One that is there already is left as it is, and that is an error.

Exit codes: 0 made, 1 faults found by passes, 2 the program cannot be loaded, there is such a world, it cannot be made, or \
wrong usage.")]
pub(crate) struct Args {
    /// Program in YAML or JSON, `-` for stdin.
    #[arg(value_name = "FILE")]
    file: String,

    /// Name of the world; without it the program's.
    #[arg(value_name = "NAME")]
    name: Option<String>,

    /// Who publishes or releases runs a fence, instead of membarrier(2) by who goes to sleep.
    #[arg(long)]
    fences: bool,

    /// Directory of the worlds, which is made when it is not there; otherwise $VIL_RUNTIME_DIR, and without that
    /// /dev/shm/vil-UID.
    #[arg(long, value_name = "DIR")]
    runtime_dir: Option<PathBuf>,
}

/// Makes the world and says where it is.
pub(crate) fn run(args: &Args) -> ExitCode {
    let program = match source::checked(&args.file) {
        Ok((program, _)) => program,
        Err(code) => return code,
    };
    let plan = match plan_program(&program) {
        Ok(plan) => plan,
        Err(error) => {
            output::error(error);
            return ExitCode::from(FAULTY);
        }
    };
    match make(args, &plan) {
        Ok(told) => output::print(&(told + "\n")),
        Err(error) => {
            output::error(error);
            ExitCode::from(UNREADABLE)
        }
    }
}

fn make(args: &Args, plan: &Plan) -> Result<String, Error> {
    let dir = RuntimeDir::open(args.runtime_dir.as_deref())?;
    let name = args.name.as_deref().unwrap_or(&plan.program);
    let nobody = Contract { process: None, ports: &[] };
    let wish = if args.fences { Barrier::Fences } else { Barrier::Membarrier };
    let (_, opened) = World::open_or_create_with(&dir, name, plan, &nobody, wish)?;
    let file = dir.world(name)?.file();
    match opened {
        Opened::Created => Ok(format!("{name}: {}", file.display())),
        Opened::Found => {
            let message = format!("world `{name}` is there already; `vil doctor {name}` says who lives in it");
            Err(Error::new(Fault::Exists, message))
        }
    }
}
