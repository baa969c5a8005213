// Where the ticks of the time axis lie, on round times of the zone shown, and what is written at them.
const SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE, DAY = 24 * HOUR
const STEPS = [
  10, 20, 50, 100, 200, 500, SECOND, 2 * SECOND, 5 * SECOND, 10 * SECOND, 15 * SECOND, 30 * SECOND,
  MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR,
  DAY, 2 * DAY, 7 * DAY, 14 * DAY, 28 * DAY, 91 * DAY, 364 * DAY,
]
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

const tickStep = (width, pixels) => STEPS.find((step) => step * pixels >= 84 * width) ?? STEPS[STEPS.length - 1]
const ticksOf = (start, end, step) => {
  const ahead = livepairsZone.minutes(start) * MINUTE
  const ticks = []
  for (let at = Math.ceil((start + ahead) / step) * step - ahead; at <= end; at += step) ticks.push(at)
  return ticks
}
const tickLabel = (at, step) => {
  const clock = livepairsZone.fine(at), [, month, day] = livepairsZone.day(at).split("-")
  if (step >= DAY || (clock.startsWith("00:00:00.000") && step >= MINUTE)) return `${Number(day)} ${MONTHS[month - 1]}`
  return clock.slice(0, step >= MINUTE ? 5 : step >= SECOND ? 8 : 12)
}
// The axis asks for its labels through this: its formatter is a model of Bokeh and cannot see this module.
window.livepairsTick = (tick, _index, ticks) => tickLabel(tick, ticks.length > 1 ? ticks[1] - ticks[0] : MINUTE)
