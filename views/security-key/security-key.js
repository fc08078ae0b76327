// Asks the browser for a key, and sends what it says of it. Without this script the page says what to do instead.
const form = document.querySelector('form[data-sp-key]');
const { spKey: purpose, spOptions, spSaid } = form.dataset;
const button = form.querySelector('button[type="submit"]');
const field = form.elements.namedItem('credential');
const status = form.querySelector('[data-sp="key-status"]');
const failure = form.querySelector('[data-sp="key-error"]');
const said = JSON.parse(spSaid);

if (!window.PublicKeyCredential) unusable(said.unsupported);

form.addEventListener('submit', async (event) => {
  if (field.value !== '') return;
  event.preventDefault();
  // Nothing is sent yet, so the next click is no second one.
  event.stopPropagation();
  if (!button.disabled) await ask();
});

// Whoever comes back by the browser's history is asked anew.
window.addEventListener('pageshow', () => {
  field.value = '';
  button.disabled = !window.PublicKeyCredential;
});

async function ask() {
  const options = JSON.parse(spOptions);
  const began = performance.now();
  button.disabled = true;
  tell(failure, '');
  tell(status, said.waiting);
  try {
    field.value = JSON.stringify(await (purpose === 'create' ? create(options) : get(options)));
    form.requestSubmit();
  } catch (error) {
    tell(failure, said[reasonOf(error, performance.now() - began, options.timeout)]);
    button.disabled = false;
  }
  tell(status, '');
}

async function create(options) {
  const publicKey = {
    ...options,
    challenge: bytes(options.challenge),
    user: { ...options.user, id: bytes(options.user.id) },
    excludeCredentials: options.excludeCredentials.map(descriptor),
  };
  const made = await navigator.credentials.create({ publicKey });
  const { response } = made;
  return answer(made, {
    attestationObject: text(response.attestationObject),
    transports: response.getTransports?.() ?? [],
  });
}

async function get(options) {
  const publicKey = {
    ...options,
    challenge: bytes(options.challenge),
    allowCredentials: options.allowCredentials.map(descriptor),
  };
  const proven = await navigator.credentials.get({ publicKey });
  const { authenticatorData, signature, userHandle } = proven.response;
  return answer(proven, {
    authenticatorData: text(authenticatorData),
    signature: text(signature),
    userHandle: userHandle?.byteLength > 0 ? text(userHandle) : undefined,
  });
}

function answer({ rawId, type, response }, more) {
  const id = text(rawId);
  return {
    id,
    rawId: id,
    type,
    response: { clientDataJSON: text(response.clientDataJSON), ...more },
  };
}

function descriptor({ id, ...more }) {
  return { ...more, id: bytes(id) };
}

/** Browsers say the same of what was cancelled and of what took too long. */
function reasonOf({ name }, elapsed, timeout) {
  switch (name) {
    case 'InvalidStateError':
      return 'activated';
    case 'NotAllowedError':
    case 'AbortError':
      return elapsed < timeout ? 'cancelled' : 'timedOut';
    case 'NotSupportedError':
      return 'unsupported';
    case 'SecurityError':
      return 'address';
    default:
      return 'failed';
  }
}

function unusable(sentence) {
  button.disabled = true;
  tell(failure, sentence);
}

function tell(place, sentence) {
  place.hidden = sentence === '';
  place.firstElementChild.textContent = sentence;
}

function bytes(base64url) {
  const binary = atob(base64url.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

function text(buffer) {
  const binary = Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join('');
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}
