import { type Frame, RELAY_CODE as CODE } from "@securechat/core/wire"
import { describe, expect, it } from "vitest"
import { type Line, bench } from "../../test/support/bench.ts"
import type { BucketName } from "./limits.ts"

/** What spends each bucket, as its request number this time, by a device that has joined, beside one that it may name. */
const SPENDERS: Readonly<Partial<Record<BucketName, (from: Line, to: Line, request: number) => Frame>>> = {
  submit: (from, to, request) => from.device.submit(request, to.device, new Uint8Array(1)),
  deviceSubmit: (from, to, request) => from.device.submit(request, to.device, new Uint8Array(1)),
  lookup: (_from, _to, request) => ({ type: "handleGet", request, handle: "bob" }),
  claim: (_from, to, request) => claim(to, request),
  claimTarget: (_from, to, request) => claim(to, request),
  publish: (from, _to, request) => from.device.publish(request, { oneTime: 0, oneTimeKem: 0 }),
  handle: (from, _to, request) => from.device.handleSet(request, "alice"),
}
const claim = (of: Line, request: number): Frame => ({
  type: "claim",
  request,
  accountId: of.device.accountId,
  deviceIds: [of.device.deviceId],
  liveNonce: new Uint8Array(0),
})

describe("a bucket that is empty", () => {
  it.each(Object.keys(SPENDERS) as (keyof typeof SPENDERS)[])(
    "[R11] of %s is told with the time to wait, is nobody else's, and takes again after it",
    async (name) => {
      const spend = SPENDERS[name]
      if (spend === undefined) throw new Error("nothing spends it")
      // One for the publication of `join`, which is a bucket too.
      const relay = bench({ limits: { buckets: { [name]: { size: 3, perSecond: 0.5 } } } })
      const [alice, bob, carol] = [await relay.join(), await relay.join(), await relay.join()]
      await bob.send(bob.device.handleSet(4, "bob"))
      const answers: (string | undefined)[] = []
      let request = 3
      while (answers.at(-1) !== "nack" && answers.length < 9) {
        await alice.send(spend(alice, bob, ++request))
        answers.push(alice.answer(request)?.type)
      }
      expect(alice.answer(request)).toMatchObject({ type: "nack", code: CODE.limited })
      await carol.send(spend(carol, bob, 4))
      expect(carol.answer(4)).not.toMatchObject({ code: CODE.limited })
      const refusal = alice.answer(request)
      const waitMs = refusal?.type === "nack" ? refusal.retryAfterMs : 0
      expect(waitMs).toBe(2_000)
      await relay.clock.advance(waitMs)
      await alice.send(spend(alice, bob, ++request))
      expect(alice.answer(request)).not.toMatchObject({ code: CODE.limited })
      expect(alice.closedWith).toBeUndefined()
    },
  )
})
