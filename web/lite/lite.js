'use strict';
// One chat session over the server's WebSocket. Text is only ever set as text, never as HTML.
(() => {
  const $ = (id) => document.getElementById(id);
  const base = location.pathname.replace(/\/demo(\/lite)?\/?$/, '');
  const log = $('log');
  const turns = new Map(); // message id -> element
  let socket = null;
  let connection = '';
  let session = new URLSearchParams(location.hash.slice(1)).get('session') || '';
  let running = null; // the answer that grows: { turn, text }
  let tries = 0;
  let connectedAt = 0;
  let pingAt = 0;
  let typing = false;
  let stopTyping = 0;
  let hideTyping = 0;

  const send = (message) => {
    if (!socket || socket.readyState !== WebSocket.OPEN) return false;
    socket.send(JSON.stringify(message));
    return true;
  };

  const state = (name, words) => {
    $('state').dataset.state = name;
    $('state').lastElementChild.textContent = words;
  };

  const atEnd = () => log.scrollHeight - log.scrollTop - log.clientHeight < 40;
  const keepEnd = (change) => {
    const follow = atEnd();
    change();
    if (follow) log.scrollTop = log.scrollHeight;
  };

  const notice = (text, bad) => keepEnd(() => {
    const line = document.createElement('p');
    line.className = bad ? 'notice bad' : 'notice';
    line.textContent = text;
    log.append(line);
  });

  // Shows a message once, whatever tells of it first.
  const show = (id, role, text, status) => {
    let turn = turns.get(id);
    keepEnd(() => {
      if (!turn) {
        turn = document.createElement('div');
        turn.append(document.createElement('b'), document.createElement('p'));
        turn.firstChild.textContent = role === 'user' ? 'User' : 'Model';
        turn.dataset.testid = role;
        turn.dataset.id = id;
        log.append(turn);
        turns.set(id, turn);
      }
      turn.className = 'turn ' + role + (status === 'failed' ? ' failed' : '') + (status === 'running' ? ' running' : '');
      turn.lastChild.textContent = text;
      turn.lastChild.dir = 'auto';
    });
    return turn;
  };

  const count = (messages) => { $('info').textContent = messages === 1 ? '1 message' : messages + ' messages'; };

  const history = async () => {
    const asked = session;
    const response = await fetch(base + '/sessions/' + encodeURIComponent(asked));
    if (!response.ok || asked !== session) return;
    const body = await response.json();
    count(body.message_count);
    for (const message of body.messages) {
      if (running && running.id === message.message_id) continue;
      show(message.message_id, message.role, message.content, message.status);
    }
    if (running) log.append(running.turn);
  };

  const enter = (id) => {
    if (session !== id) {
      session = id;
      log.replaceChildren();
      turns.clear();
      running = null;
    }
    window.history.replaceState(null, '', '#session=' + id);
    document.title = 'Parley ' + id.slice(0, 8);
  };

  const start = (id) => {
    running = { id, text: '', turn: show(id, 'model', '', 'running') };
  };

  const handlers = {
    connected(message) {
      connection = message.connection_id;
      $('model').textContent = message.server_info.model;
      send(session ? { type: 'join_session', session_id: session } : { type: 'create_session' });
    },
    session_created(message) {
      enter(message.session_id);
      $('model').textContent = message.model;
      count(0);
    },
    session_joined(message) {
      enter(message.session_id);
      $('model').textContent = message.model;
      running = null;
      history().catch(() => notice('The history could not be loaded', true));
    },
    status(message) {
      if (message.queue_position) notice(message.message);
    },
    response_start(message) {
      start(message.message_id);
    },
    chunk(message) {
      if (!running) start(message.message_id);
      running.text = message.merged ? message.text : running.text + message.text;
      show(running.id, 'model', running.text, message.is_final ? 'ok' : 'running');
    },
    response_complete(message) {
      if (running) show(running.id, 'model', message.full_response, 'ok');
      running = null;
      count(message.message_count);
      $('said').textContent = 'The answer is complete.';
    },
    session_update(message) {
      const kind = message.update_type;
      if (kind === 'user_typing') {
        clearTimeout(hideTyping);
        $('typing').textContent = message.typing ? 'Somebody is typing…' : '';
        hideTyping = setTimeout(() => { $('typing').textContent = ''; }, 7000);
      } else if (kind === 'message_added') {
        count(message.message_count);
        if (message.role !== 'user') return;
        show(message.message_id, 'user', message.last_message_preview);
        // The preview may be cut: the whole text is in the session.
        if ([...message.last_message_preview].length >= 50) history().catch(() => {});
      } else if (kind === 'session_cleared') {
        log.replaceChildren();
        turns.clear();
        running = null;
        count(0);
        notice('The session was cleared');
      } else if (kind === 'session_deleted') {
        notice('The session was deleted', true);
        session = '';
        send({ type: 'create_session' });
      } else if (kind === 'user_joined') {
        notice('Somebody joined');
      } else if (kind === 'user_left' || kind === 'user_disconnected') {
        notice('Somebody left');
      }
    },
    pong() {
      $('state').title = 'Round trip ' + Math.round(performance.now() - pingAt) + ' ms';
    },
    error(message) {
      notice(message.message, true);
      $('said').textContent = message.message;
      if (message.session_id && running) {
        show(running.id, 'model', running.text, 'failed');
        running = null;
      }
      if (message.code === 'session_not_found' && !turns.size) {
        session = '';
        send({ type: 'create_session' });
      }
    },
  };

  const connect = () => {
    state('connecting', 'Connecting');
    const scheme = location.protocol === 'https:' ? 'wss://' : 'ws://';
    socket = new WebSocket(scheme + location.host + base + '/ws');
    socket.onopen = () => {
      state('connected', 'Connected');
      connectedAt = performance.now();
    };
    socket.onmessage = (event) => {
      const message = JSON.parse(event.data);
      if (Object.hasOwn(handlers, message.type)) handlers[message.type](message);
    };
    socket.onclose = (event) => {
      state('offline', 'Offline');
      if (event.code >= 4500) return notice('The server closed the connection: ' + event.reason, true);
      if (performance.now() - connectedAt > 30000) tries = 0;
      const most = Math.min(20000, 500 * 2 ** tries++);
      setTimeout(connect, 500 + Math.random() * most);
    };
  };

  const setTyping = (now) => {
    clearTimeout(stopTyping);
    if (now) stopTyping = setTimeout(() => setTyping(false), 2000);
    if (now === typing) return;
    typing = now;
    send({ type: now ? 'typing_start' : 'typing_stop' });
  };

  const submit = () => {
    const text = $('text').value.trim();
    if (!text) return;
    if (!send({ type: 'chat', message: text, session_id: session || null })) return notice('Not sent: the server is offline', true);
    $('text').value = '';
    setTyping(false);
    log.scrollTop = log.scrollHeight;
  };

  $('form').addEventListener('submit', (event) => { event.preventDefault(); submit(); });
  $('text').addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    submit();
  });
  $('text').addEventListener('input', () => setTyping($('text').value !== ''));
  $('new').addEventListener('click', () => send({ type: 'create_session' }));
  $('clear').addEventListener('click', () => {
    if (session) fetch(base + '/sessions/' + encodeURIComponent(session) + '/clear', { method: 'POST' });
  });
  $('copy').addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(location.href);
      notice('The link is copied: whoever opens it joins this session');
    } catch {
      notice('The link: ' + location.href);
    }
  });
  window.addEventListener('hashchange', () => {
    const wanted = new URLSearchParams(location.hash.slice(1)).get('session');
    if (wanted && wanted !== session) send({ type: 'join_session', session_id: wanted });
  });
  setInterval(() => {
    pingAt = performance.now();
    send({ type: 'ping' });
  }, 30000);
  connect();
})();
