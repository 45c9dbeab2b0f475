// libvil for C++17: header-only RAII over vil.h, one header for each noun. No exceptions: calls answer a vil::Result.
#ifndef VIL_HPP
#define VIL_HPP

#include "vil/contract.hpp"
#include "vil/descriptor.hpp"
#include "vil/diagnostics.hpp"
#include "vil/diff.hpp"
#include "vil/error.hpp"
#include "vil/heap.hpp"
#include "vil/incoming.hpp"
#include "vil/incoming_batch.hpp"
#include "vil/kept.hpp"
#include "vil/loan.hpp"
#include "vil/loan_batch.hpp"
#include "vil/message.hpp"
#include "vil/mode.hpp"
#include "vil/program.hpp"
#include "vil/queue.hpp"
#include "vil/receiver.hpp"
#include "vil/registry.hpp"
#include "vil/request.hpp"
#include "vil/result.hpp"
#include "vil/sender.hpp"
#include "vil/status.hpp"
#include "vil/timeout.hpp"
#include "vil/waitset.hpp"
#include "vil/world.hpp"

#endif
