// The board's voice: a chime for every call, then the sentence where the browser has a voice of that language.
// Calls wait for each other; the screen never waits for the sound.
(() => {
  const WAITING_AT_MOST = 20;  // of a rush the oldest is dropped: it stands on the screen
  const SPEECH_S = 15;         // a voice that never ends is left behind
  const waiting = [];
  let sound = null, isTalking = false, button = null;

  const pause = s => new Promise(done => setTimeout(done, s * 1000));
  const voice = lang => (window.speechSynthesis?.getVoices() ?? [])
    .find(one => one.localService && one.lang.toLowerCase().replace("_", "-").split("-")[0] === lang);

  function note(hz, start, length) {
    const tone = sound.createOscillator(), volume = sound.createGain();
    tone.frequency.value = hz;
    volume.gain.setValueAtTime(0, start);
    volume.gain.linearRampToValueAtTime(0.35, start + 0.02);
    volume.gain.exponentialRampToValueAtTime(0.001, start + length);
    tone.connect(volume).connect(sound.destination);
    tone.start(start);
    tone.stop(start + length);
  }

  async function chime() {
    if (sound?.state !== "running") return;
    note(659.3, sound.currentTime, 0.7);
    note(523.3, sound.currentTime + 0.35, 1.0);
    await pause(1.2);
  }

  async function speak(text, lang) {
    const found = voice(lang);
    if (!found) return false;
    const said = Object.assign(new SpeechSynthesisUtterance(text), { voice: found, lang: found.lang, rate: 0.9 });
    await Promise.race([pause(SPEECH_S), new Promise(done => { said.onend = said.onerror = done; speechSynthesis.speak(said); })]);
    return true;
  }

  async function talk() {
    if (isTalking) return;
    isTalking = true;
    while (waiting.length) {
      const [text, lang] = waiting.shift();
      await chime();
      const isSaid = await speak(text, lang);
      Object.assign(document.body.dataset, { call: text, calledBy: isSaid ? "voice" : sound?.state === "running" ? "chime" : "screen" });
    }
    isTalking = false;
  }

  function unlock() {
    sound ??= new AudioContext();
    sound.resume().then(offer);
  }

  // A browser keeps quiet until somebody touches the page, unless it was started for a kiosk.
  function offer() {
    const isQuiet = sound?.state !== "running";
    if (isQuiet && !button) {
      button = Object.assign(document.createElement("button"), { className: "button board-sound", type: "button", textContent: window.motcuaSoundLabel });
    }
    if (button) button.hidden = !isQuiet;
    const place = document.querySelector(".board-sound-place");  // NiceGUI draws the page when it likes
    if (!place) setTimeout(offer, 200);
    else if (button && !button.isConnected) place.append(button);
  }

  addEventListener("pointerdown", unlock);
  addEventListener("keydown", unlock);
  window.speechSynthesis?.getVoices();  // browsers load their voices when first asked
  sound = new AudioContext();
  setTimeout(offer, 500);
  window.motcuaBoard = {
    call(text, lang) {
      waiting.push([text, lang]);
      if (waiting.length > WAITING_AT_MOST) waiting.shift();
      talk();
    },
  };
})();
