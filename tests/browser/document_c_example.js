const ws = new WebSocket('ws://localhost:8000/ws');

ws.onopen = function(event) {
    console.log('Connected to WebSocket server');
    
    ws.send(JSON.stringify({
        type: 'create_session'
    }));
};

ws.onmessage = function(event) {
    const data = JSON.parse(event.data);
    
    switch(data.type) {
        case 'session_created':
            console.log('Session created:', data.session_id);
            break;
            
        case 'chunk':
            document.getElementById('response').innerHTML += data.text;
            break;
            
        case 'session_update':
            if (data.update_type === 'user_typing') {
                showTypingIndicator(data.typing);
            }
            break;
    }
};

function sendMessage(message) {
    ws.send(JSON.stringify({
        type: 'chat',
        message: message,
        session_id: currentSessionId
    }));
}

function sendTyping(isTyping) {
    ws.send(JSON.stringify({
        type: isTyping ? 'typing_start' : 'typing_stop'
    }));
}
