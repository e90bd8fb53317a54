// Which notes of a score sound at a moment, and which bar.

export class Light {
  // `notes` as the server says them, in the order in which they begin; several may sound at once.
  constructor(notes) {
    this.notes = notes;
    this.longest = notes.reduce((longest, note) => Math.max(longest, note.end - note.start), 0);
  }

  // {ids, bar}: the names of what sounds, and the number of the bar that it stands in, or null.
  at(time) {
    const ids = [];
    let bar = null;
    for (let place = this.#before(time); place >= 0; place--) {
      const note = this.notes[place];
      if (note.start < time - this.longest) break;
      if (time >= note.end) continue;
      ids.push(note.id);
      bar ??= note.bar;
    }
    return { ids, bar };
  }

  // The last note that has begun.
  #before(time) {
    let [low, high] = [-1, this.notes.length - 1];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (this.notes[middle].start <= time) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

// From where to where some bars sound, {from, to}: from the first of them on, to the next end of the last; null for bars
// that are never played so.
export function passage(bars, first, last) {
  const begin = bars.find((bar) => bar.number === first)?.times[0]?.[0];
  const ends = bars.find((bar) => bar.number === last)?.times.map((time) => time[1]) ?? [];
  const end = ends.find((time) => time > begin);
  return begin === undefined || end === undefined ? null : { from: begin, to: end };
}
