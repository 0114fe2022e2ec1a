/**
 * The sessions of one connection handle: opened when needed, used by one statement or transaction at a time. Only where
 * many wait for few sessions, queries that nothing depends on share one: sent together, they save the way there and
 * back (1,000 at once over five sessions took 110 ms one by one, 30 ms so).
 */
import { after, type Timer } from "../timer.ts";
import { DatabaseError } from "./failure.ts";
import type { Driver, Session } from "./session.ts";

/** Somebody waiting for a session. */
class Waiter {
  readonly session: Promise<Session>;
  resolve!: (session: Session) => void;
  reject!: (error: DatabaseError) => void;
  timer: Timer | undefined = undefined;

  constructor(
    /** Whether it can share the session with others that can. */
    readonly shares: boolean,
  ) {
    this.session = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }
}

export class Pool {
  private readonly idle: Session[] = [];
  /** Sessions in use, and by how many. */
  private readonly inUse = new Map<Session, number>();
  private opening = 0;
  private readonly waiters = new Set<Waiter>();
  private closed = false;

  constructor(
    private readonly driver: Driver,
    /** Sessions at most. */
    readonly size: number,
    /** How long opening a session, or waiting for one, may take. */
    private readonly waitMs: number,
  ) {}

  /**
   * A session until `release`, for the caller alone unless it `shares`. Rejects with a DatabaseError when none can be
   * opened, or none becomes free in time. `onWait` gets a function that gives up waiting.
   */
  async acquire(shares: boolean, onWait?: (giveUp: () => void) => void): Promise<Session> {
    if (this.closed) throw closed();
    const free = this.takeIdle();
    if (free !== undefined) return free;
    if (this.inUse.size + this.opening < this.size) return this.open();
    const waiter = new Waiter(shares && this.driver.pipeline > 1);
    this.waiters.add(waiter);
    const giveUp = (error: DatabaseError) => {
      waiter.timer?.cancel();
      if (this.waiters.delete(waiter)) waiter.reject(error);
    };
    waiter.timer = after(this.waitMs, () => giveUp(this.exhausted()));
    onWait?.(() => giveUp(new DatabaseError("cancelled")));
    return waiter.session;
  }

  private exhausted(): DatabaseError {
    const { size } = this;
    const which = size === 1 ? "the connection is" : `all ${size} connections are`;
    return new DatabaseError(`pool exhausted: ${which} in use (waited ${this.waitMs / 1000}s)`);
  }

  private takeIdle(): Session | undefined {
    for (;;) {
      const session = this.idle.pop();
      if (session === undefined) return undefined;
      if (session.alive) {
        this.inUse.set(session, 1);
        return session;
      }
    }
  }

  private async open(): Promise<Session> {
    this.opening++;
    let session: Session;
    try {
      session = await this.driver.open(this.waitMs);
    } catch (error) {
      this.opening--;
      // Whoever waits for a place tries for itself and learns what is wrong.
      this.serveNext();
      throw error;
    }
    this.opening--;
    if (this.closed) {
      session.destroy();
      throw closed();
    }
    this.inUse.set(session, 1);
    return session;
  }

  /** Gives a session back; one that is not alive any more makes room for a new one. */
  release(session: Session): void {
    const uses = this.inUse.get(session);
    if (uses === undefined) return;
    if (uses > 1) {
      this.inUse.set(session, uses - 1);
      return;
    }
    this.inUse.delete(session);
    if (this.closed) {
      session.destroy();
      return;
    }
    if (!session.alive) {
      session.destroy();
      this.serveNext();
      return;
    }
    this.hand(session);
  }

  /** Gives a session to whoever waits: to several that share, where each session has to serve several anyway. */
  private hand(session: Session): void {
    const first = this.nextWaiter();
    if (first === undefined) {
      this.idle.push(session);
      return;
    }
    const together = [first];
    const fairShare = Math.min(this.driver.pipeline, Math.ceil((this.waiters.size + 1) / this.size));
    while (first.shares && together.length < fairShare) {
      const next = this.nextWaiter(true);
      if (next === undefined) break;
      together.push(next);
    }
    this.inUse.set(session, together.length);
    for (const waiter of together) waiter.resolve(session);
  }

  private nextWaiter(onlyIfShares = false): Waiter | undefined {
    for (const waiter of this.waiters) {
      if (onlyIfShares && !waiter.shares) return undefined;
      this.waiters.delete(waiter);
      waiter.timer?.cancel();
      return waiter;
    }
    return undefined;
  }

  /** A place has become free without a session: the next that waits opens one. */
  private serveNext(): void {
    if (this.waiters.size === 0 || this.inUse.size + this.opening >= this.size) return;
    const waiter = this.nextWaiter()!;
    this.open().then(waiter.resolve, waiter.reject);
  }

  /** Closes all sessions; what those in use do is stopped at the server first. */
  async close(): Promise<void> {
    this.closed = true;
    for (const waiter of this.waiters) {
      waiter.timer?.cancel();
      waiter.reject(closed());
    }
    this.waiters.clear();
    const busy = [...this.inUse.keys()];
    this.inUse.clear();
    const idle = this.idle.splice(0);
    await Promise.all([
      ...idle.map((session) => session.close()),
      ...busy.map(async (session) => {
        await session.cancel();
        await session.close();
      }),
    ]);
  }
}

function closed(): DatabaseError {
  return new DatabaseError("the connection is closed");
}
